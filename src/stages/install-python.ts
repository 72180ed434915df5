/** The Pythons outside a tree that its virtualenvs stand on: there, or given by the user, and of the same version. */
import { showBytes } from '../formats/byte-text.ts';
import type { ReplacedPython } from '../formats/render.ts';
import { askPython, findProgram, type HostPython } from '../io/host-python.ts';
import { absolutePath } from '../io/places.ts';
import { RequirementError } from '../model/errors.ts';
import type { TreePath } from '../model/path.ts';
import type { Interpreter } from '../model/requirements.ts';

/** What takes the place of a Python, by the environment that it serves; nothing where the one of the build is there. */
export type Replacements = ReadonlyMap<TreePath, ReplacedPython>;

/**
 * Checks that every environment has a Python of its version. `programs` are those that the user gave; each serves the environments
 * of its version.
 * @throws RequirementError where one is missing, does not run, or is of another version
 */
export async function choosePythons(
  interpreters: readonly Interpreter[],
  programs: readonly string[],
): Promise<Replacements> {
  const given: HostPython[] = [];
  for (const program of programs) {
    const path = program.includes('/') ? absolutePath(program) : findProgram(program);
    const python = path === null ? null : await askPython(path);
    if (python === null) throw new RequirementError(`${showBytes(program)} can't be run as a Python`);
    given.push(python);
  }
  const chosen = new Map<TreePath, ReplacedPython>();
  for (const interpreter of interpreters) {
    const python = given.find((candidate) => isSame(candidate, interpreter));
    if (python !== undefined)
      chosen.set(interpreter.environment, {
        program: python.program,
        home: folderOf(python.program),
        prefix: python.prefix,
      });
    else requireThere(await askPython(interpreter.program), interpreter, given);
  }
  const idle = given.find((python) => !interpreters.some((interpreter) => isSame(python, interpreter)));
  if (idle !== undefined)
    throw new RequirementError(
      `${showBytes(idle.program)} is ${idle.implementation} ${idle.version}, which nothing in the tree asks for${needs(interpreters)}`,
    );
  return chosen;
}

function requireThere(python: HostPython | null, interpreter: Interpreter, given: readonly HostPython[]): void {
  const wanted = `${interpreter.implementation || 'Python'} ${minorOf(interpreter.version)}`;
  const where = interpreter.environment === '' ? 'the tree' : showBytes(interpreter.environment);
  const others =
    given.length === 0
      ? ''
      : ` (${given.map(({ program, version }) => `${showBytes(program)} is ${version}`).join(', ')})`;
  if (python === null)
    throw new RequirementError(
      `${where} needs ${wanted} at ${showBytes(interpreter.program)}, which is not there; install it, or name another by --python PATH${others}`,
    );
  if (!isSame(python, interpreter))
    throw new RequirementError(
      `${where} needs ${wanted}, and ${showBytes(python.program)} is ${python.implementation} ${python.version}; name another by --python PATH${others}`,
    );
}

function needs(interpreters: readonly Interpreter[]): string {
  const wanted = new Set(
    interpreters.map(({ version, implementation }) => `${implementation || 'Python'} ${minorOf(version)}`),
  );
  return wanted.size === 0 ? '' : `: it needs ${[...wanted].join(', ')}`;
}

/** The same implementation and the same X.Y: what byte code and compiled modules are made for. */
function isSame(python: HostPython, { version, implementation }: Interpreter): boolean {
  const isImplementation =
    implementation === '' || implementation.toLowerCase() === python.implementation.toLowerCase();
  return isImplementation && minorOf(python.version) === minorOf(version);
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function folderOf(program: string): string {
  return program.slice(0, program.lastIndexOf('/')) || '/';
}
