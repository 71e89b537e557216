#!/usr/bin/env node
import { application as birthDeath } from "@credence/birth-death";
import { application as elasticity } from "@credence/elasticity";
import { application as gravity } from "@credence/gravity";
import { application as regression } from "@credence/regression";
import { credence } from "./credence.ts";

// A reader that has seen enough (`credence data list | head -1`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await credence(process.argv.slice(2), [birthDeath, regression, elasticity, gravity], process);
