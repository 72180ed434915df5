/** Programs that every POSIX host has at these places: to name them ties a script to no place. */
const HOST_PROGRAMS: ReadonlySet<string> = new Set(
  ['sh', 'bash', 'env', 'awk', 'cat', 'echo', 'ed', 'expr', 'false', 'make', 'sed', 'test', 'true'].flatMap((name) => [
    `/bin/${name}`,
    `/usr/bin/${name}`,
  ]),
);

export function isHostProgram(path: string): boolean {
  return HOST_PROGRAMS.has(path);
}
