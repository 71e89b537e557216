// A process of its own: from nothing to the first draw of eight schools, which it prints.
import { nuts } from "@credence/core";
import { eightSchools } from "./problems.ts";

const { draws } = await nuts(eightSchools().target, { seed: 1, draws: 1 });
console.log(draws.tolist());
