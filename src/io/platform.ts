/** What this host is: the platform that native programs of a tree need. */
import { readdirSync } from 'node:fs';

export interface Platform {
  readonly platform: string;
  readonly arch: string;
  /** `glibc 2.36`, `musl`, or empty. */
  readonly libc: string;
}

export function thisPlatform(): Platform {
  return { platform: process.platform, arch: process.arch, libc: process.platform === 'linux' ? libc() : '' };
}

/** Node's own report names the glibc that it runs on; a musl host has its loader in /lib. */
function libc(): string {
  const report = process.report.getReport();
  // the report is an object, whatever its type says
  const { header } = report as { readonly header?: { readonly glibcVersionRuntime?: string } };
  if (header?.glibcVersionRuntime !== undefined) return `glibc ${header.glibcVersionRuntime}`;
  try {
    return readdirSync('/lib').some((name) => name.startsWith('ld-musl-')) ? 'musl' : '';
  } catch {
    return '';
  }
}
