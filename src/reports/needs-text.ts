/** What a tree asks of its host, for people. */
import { showBytes } from '../formats/byte-text.ts';
import type { ForeignCode, OutsideLibrary, Requirements } from '../model/requirements.ts';
import { count, list, plural } from './words.ts';

/** Named before the rest is counted. */
const NAMED = 6;

/** Lines of a report, each with the name of its field. */
export function needFields(requirements: Requirements, maxPrefixBytes: number | null): (readonly [string, string])[] {
  return [
    ...needLines(requirements).map((line) => ['needs', line] as const),
    ...requirements.foreign.map((code) => ['besides', foreignLine(code)] as const),
    ...(maxPrefixBytes === null
      ? []
      : [['fits', `places of up to ${plural(maxPrefixBytes, 'byte')}, longer ones with install --via`] as const]),
  ];
}

/** A line for each kind of thing. */
function needLines(requirements: Requirements): string[] {
  const { interpreters, outside, libraries } = requirements;
  const lines = requirements.native ? [platformLine(requirements)] : [];
  // the C library stands in the first line
  const others = libraries.filter(({ versions }) => !versions.some(({ version }) => version.startsWith('GLIBC_')));
  if (others.length > 0) lines.push(firstOf(others.map(libraryText)));
  for (const { version, program } of interpreters)
    lines.push(`Python ${version} at ${showBytes(program)}, or install --python`);
  if (outside.length > 0) lines.push(firstOf(outside.map(({ path }) => showBytes(path))));
  return lines;
}

function platformLine({ platform, arch, libc, libraries }: Requirements): string {
  const host = `${platform} ${arch}`.trim();
  if (libc === '') return host;
  const [, version] = libc.split(' ');
  const example = libraries
    .flatMap(({ versions }) => versions)
    .find((needed) => needed.version === `GLIBC_${version}`)?.example;
  return `${host}, ${libc}${version === undefined ? '' : ' or newer'}${example === undefined ? '' : ` (for ${showBytes(example)})`}`;
}

function libraryText({ name, versions }: OutsideLibrary): string {
  const asked = versions.map(({ version }) => version);
  return `${showBytes(name)}${asked.length === 0 ? '' : ` (${asked.join(', ')})`}`;
}

function foreignLine({ platform, arch, libc, count: files, example }: ForeignCode): string {
  const host = [`${platform} ${arch}`.trim(), libc].filter((text) => text !== '').join(', ');
  return `${plural(files, 'file')} for ${host} (${showBytes(example)}), which install does not ask for`;
}

function firstOf(texts: readonly string[]): string {
  return `${list(texts.slice(0, NAMED))}${texts.length > NAMED ? ` and ${count(texts.length - NAMED)} more` : ''}`;
}
