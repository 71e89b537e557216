# Rscript mcmc.R MODEL DATA CACHE OUT CHAINS CORES WARMUP DRAWS: NUTS of rstan, by its defaults, on MODEL.stan.
# DATA holds doubles: rows, columns, x by columns, y for `logistic`; J, y, sigma for `eight_schools`. OUT gets the draws as doubles, [quantity, draw,
# chain] with the first index fastest. Prints one line of JSON. A compiled model is kept in the folder CACHE.
arguments <- commandArgs(trailingOnly = TRUE)
names(arguments) <- c("model", "data", "cache", "out", "chains", "cores", "warmup", "draws")
number <- function(name) as.integer(arguments[[name]])
suppressPackageStartupMessages(library(rstan))

numbers <- readBin(arguments[["data"]], "double", file.size(arguments[["data"]]) / 8)
data <- if (arguments[["model"]] == "logistic") {
  n <- numbers[1]; d <- numbers[2]
  list(N = n, D = d, x = matrix(numbers[3:(2 + n * d)], n, d), y = as.integer(numbers[(3 + n * d):(2 + n * d + n)]))
} else {
  j <- numbers[1]
  list(J = j, y = numbers[2:(1 + j)], sigma = numbers[(2 + j):(1 + 2 * j)])
}

source <- file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), paste0(arguments[["model"]], ".stan"))
kept <- file.path(arguments[["cache"]], paste0(arguments[["model"]], "-", packageVersion("rstan"), "-", tools::md5sum(source), ".rds"))
if (file.exists(kept)) {
  model <- readRDS(kept)
} else {
  # Debian's r-cran-bh holds no headers: they are those of libboost-dev.
  boost <- if (nzchar(system.file("include", package = "BH"))) NULL else "/usr/include"
  model <- stan_model(source, boost_lib = boost)
  saveRDS(model, kept)
}

fit <- sampling(model, data = data, chains = number("chains"), cores = number("cores"), warmup = number("warmup"),
                iter = number("warmup") + number("draws"), seed = 1, refresh = 0, save_warmup = FALSE)
draws <- rstan::extract(fit, permuted = FALSE, inc_warmup = FALSE)
draws <- draws[, , dimnames(draws)[[3]] != "lp__", drop = FALSE]
writeBin(as.double(aperm(draws, c(3, 1, 2))), arguments[["out"]])
steps <- function(warmup) sum(sapply(get_sampler_params(fit, inc_warmup = warmup), function(p) sum(p[, "n_leapfrog__"])))
elapsed <- get_elapsed_time(fit)
cat(sprintf('{"version": "rstan %s", "quantities": %d, "gradients": %d, "warmupSeconds": [%s], "drawsSeconds": [%s]}\n',
            packageVersion("rstan"), dim(draws)[3], steps(FALSE), paste(elapsed[, "warmup"], collapse = ", "),
            paste(elapsed[, "sample"], collapse = ", ")))
