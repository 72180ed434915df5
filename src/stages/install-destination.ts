/** Whether a tree may come to a place at all: what is there, and where the archive lies. */
import { showBytes } from '../formats/byte-text.ts';
import { isMountPoint, type InstallPlace, type whatIsAt } from '../io/install-place.ts';
import { resolvePlace } from '../io/places.ts';
import { RequirementError, UsageError } from '../model/errors.ts';
import { isInside } from '../model/path.ts';

/** @throws RequirementError where something is at the place that is not to be replaced */
export function requireFree(place: InstallPlace, there: ReturnType<typeof whatIsAt>, mayReplace: boolean): void {
  const path = showBytes(place.path);
  if (there === 'empty-folder' && isMountPoint(place))
    throw new RequirementError(`${path} is a mount point, which no folder can take the place of; name a folder in it`);
  if (there === 'nothing' || there === 'empty-folder') return;
  if (there !== 'directory') throw new RequirementError(`${path} is a ${there}; name a folder that is not there yet`);
  if (!mayReplace)
    throw new RequirementError(
      `${path} holds something already, and an archive is never extracted over it; --replace puts the new tree in its place`,
    );
}

/** An archive in the tree that it replaces would go with it. */
export function requireApart(archive: string, { path }: InstallPlace): void {
  const [source, target] = [resolvePlace(archive), resolvePlace(path)];
  if (source.type !== null && target.type !== null && isInside(source.real, target.real))
    throw new UsageError(
      `the archive lies in ${showBytes(path)}, which the new tree would take the place of; move it elsewhere`,
    );
}
