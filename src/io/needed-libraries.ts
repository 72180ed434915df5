/** Finds the shared libraries that a file of this host needs, as its dynamic linker does. Source: ld.so(8). */
import { foldersOfPath, type Linkage } from '../formats/elf-linkage.ts';
import { asAbsolutePath, type AbsolutePath } from '../model/path.ts';
import { realPath } from './base-python.ts';
import type { FindLibrary } from './host-libraries.ts';

/** A library that was found: by the path that was searched, and where that really is. */
export interface FoundLibrary {
  readonly place: AbsolutePath;
  readonly real: AbsolutePath;
}

/** A file that needs libraries: what it asks for, and the folder it is found in. */
export interface Needing {
  readonly linkage: Linkage;
  readonly origin: string;
}

/**
 * Looks for a library that a file needs: DT_RPATH of the file and of the program, which a DT_RUNPATH of the file turns off; DT_RUNPATH;
 * then where the host has libraries.
 */
export function findNeeded(name: string, by: Needing, program: Needing, find: FindLibrary): FoundLibrary | null {
  if (name.includes('/')) return null;
  const { rpath, runpath, arch } = by.linkage;
  const inherited = program.linkage.runpath === null ? program.linkage.rpath : null;
  const folders = [
    ...(runpath === null ? foldersOfPath(rpath ?? [], by.origin) : []),
    ...(runpath === null ? foldersOfPath(inherited ?? [], program.origin) : []),
    ...foldersOfPath(runpath ?? [], by.origin),
  ];
  const found = find(name, arch, folders);
  const place = found === null ? null : asAbsolutePath(found.path);
  const real = place === null ? null : realPath(place);
  return place === null || real === null ? null : { place, real };
}
