/** What a packed tree asks of the host that it is installed on. It stands in the manifest's head. */
import type { TreePath } from './path.ts';

/** What the host must offer. */
export interface Requirements {
  /**
   * What the tree's native code is made for, in the words of `process.platform` and `process.arch`; those of the build where it has none.
   * An empty `arch` is any.
   */
  readonly platform: string;
  readonly arch: string;
  /** `glibc 2.34`: the lowest with which all of it can be loaded; `glibc`, `musl`; empty where none is needed. */
  readonly libc: string;
  /** Whether the tree holds native programs or libraries, which need that platform. */
  readonly native: boolean;
  /** Libraries that native code loads and no file of the tree provides, in order of their names. */
  readonly libraries: readonly OutsideLibrary[];
  /** Native code for other hosts, which is carried along and asks for nothing. */
  readonly foreign: readonly ForeignCode[];
  /** The Pythons outside the tree on which its virtualenvs stand. */
  readonly interpreters: readonly Interpreter[];
  /** Other paths outside the tree that something in it names: reported where they are missing, never refused. */
  readonly outside: readonly OutsidePath[];
}

export interface Interpreter {
  /** The folder of pyvenv.cfg; the root itself is `''`. */
  readonly environment: TreePath;
  /** `home` of pyvenv.cfg, and the program there. */
  readonly home: string;
  readonly program: string;
  /** `3.11.7`. */
  readonly version: string;
  /** `CPython`, `PyPy`; empty where pyvenv.cfg does not say. */
  readonly implementation: string;
  /** Symlinks of the environment that lead to the program. */
  readonly links: readonly TreePath[];
  /** Values of pyvenv.cfg that name it: byte ranges in the bytes of the archive, in order. */
  readonly values: readonly InterpreterValue[];
}

export interface InterpreterValue {
  readonly start: number;
  readonly end: number;
  /** What stands there: the folder of the program, the program itself, or its `sys.base_prefix`. */
  readonly is: 'home' | 'program' | 'prefix';
}

export interface OutsideLibrary {
  /** The SONAME that is asked for, or an absolute path. */
  readonly name: string;
  /** How many files need it, and the first of them. */
  readonly count: number;
  readonly example: TreePath;
  /** Of each series of symbol versions (`GLIBC`, `GLIBCXX`) the highest that is needed. */
  readonly versions: readonly NeededVersion[];
  /** Folders outside the tree in which those files look for it before all others (RPATH). */
  readonly folders: readonly string[];
}

export interface NeededVersion {
  /** `GLIBC_2.34`. */
  readonly version: string;
  /** The first file that needs it. */
  readonly example: TreePath;
}

export interface ForeignCode {
  readonly platform: string;
  readonly arch: string;
  /** `glibc`, `musl`, or empty. */
  readonly libc: string;
  readonly count: number;
  readonly example: TreePath;
}

export interface OutsidePath {
  readonly path: string;
  /** `loader`: the program that loads native programs (PT_INTERP). */
  readonly kind: 'link' | 'interpreter' | 'loader';
  /** How many files or links name it, and the first of them. */
  readonly count: number;
  readonly example: TreePath;
}
