// Builds the CPU library and its tests with sanitizers, in a folder of its own beside the usual one.
import { join } from "node:path";
import { phase, root } from "./process.mjs";

const sanitizers = { address: "address,undefined", thread: "thread" };
export const kinds = Object.keys(sanitizers);

/** The environment in which a finding ends the program with an exit code, and is shown with its stack. */
export const variables = {
  ASAN_OPTIONS: "abort_on_error=0:exitcode=99:detect_stack_use_after_return=1:allocator_may_return_null=1",
  UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1",
  TSAN_OPTIONS: "exitcode=99:second_deadlock_stack=1",
};

/** The folder in which `target` (credence_test or credence_fuzz) now lies. */
export async function build(kind, target) {
  const folder = join(root, "native", `build-${kind}`);
  await phase(`Configuring ${target} with the ${kind} sanitizer`, "cmake", [
    ...["-S", join(root, "native"), "-B", folder],
    ...["-DCREDENCE_TESTS=ON", "-DCMAKE_BUILD_TYPE=Release", `-DCREDENCE_SANITIZE=${sanitizers[kind]}`],
  ]);
  await phase(`Building ${target} with the ${kind} sanitizer`, "cmake", ["--build", folder, "--target", target]);
  return folder;
}
