// node raw-extract.js ARCHIVE FOLDER: the extraction of an install and nothing else. Entries are held against the manifest and hashed as they are
// written; nothing is filled in, read back or synced.
import { availableParallelism } from 'node:os';
import { openArchive } from '../../dist/io/archive-read.js';
import { Staging } from '../../dist/io/staging.js';
import { applyModes, extractFiles, extractLinks } from '../../dist/stages/install-extract.js';
import { Pace } from '../../dist/stages/pace.js';

const [archive = '', folder = ''] = process.argv.slice(2);
const opened = await openArchive(Buffer.from(archive), { jobs: availableParallelism() });
const { manifest } = opened;
const staging = new Staging(folder);
await extractFiles(opened, staging, new Pace({}, manifest.entries.length));
extractLinks(manifest, staging, (_, target) => target);
applyModes(manifest, staging);
staging.close();
opened.close();
