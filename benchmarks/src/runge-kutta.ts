import { add, mul, repeat, scan, type Tensor } from "@credence/tensor";

export type State = readonly Tensor[];

export interface RungeKuttaOptions {
  readonly times: number;
  readonly steps: number;
  readonly step: number;
  readonly restart?: (y: State) => State;
}

/**
 * The states of y' = f(y) at t = 0, h k, 2 h k, ... (`times` of them, `steps` = k steps apart), by the classical fourth-order method of
 * step h. Each result has the shape [times, ...y].
 * @param options.restart what an interval of k steps begins with, if not with the state that the one before ended with: for integrals over intervals
 */
export function rungeKutta(f: (y: State) => State, start: State, options: RungeKuttaOptions): Tensor[] {
  const { times, steps, step, restart = (y: State) => y } = options;
  const along = (y: State, k: State, h: number): State => y.map((component, i) => add(component, mul(k[i]!, h)));
  const advance = (y: State): State => {
    const k1 = f(y);
    const k2 = f(along(y, k1, step / 2));
    const k3 = f(along(y, k2, step / 2));
    const k4 = f(along(y, k3, step));
    return y.map((component, i) => add(component, mul(add(add(k1[i]!, k4[i]!), mul(add(k2[i]!, k3[i]!), 2)), step / 6)));
  };
  const [, path] = scan((y: State) => [repeat(steps, advance, restart(y)), [...y]] as const, [...start], undefined, { length: times });
  return [...path];
}
