data {
  int<lower=0> N;
  int<lower=0> D;
  matrix[N, D] x;
  int<lower=0, upper=1> y[N];
}
parameters {
  vector[D] beta;
}
model {
  beta ~ std_normal();
  y ~ bernoulli_logit_glm(x, 0, beta);
}
