// node raw-extract.js ARCHIVE FOLDER: the extraction of an install and nothing else. Entries are held against the manifest and hashed as they are
// written, and filled in with the place; nothing is read back or synced.
import { availableParallelism } from 'node:os';
import { IndexSet } from '../../dist/formats/index-set.js';
import { openArchive } from '../../dist/io/archive-read.js';
import { FileThreads } from '../../dist/io/file-threads.js';
import { Staging } from '../../dist/io/staging.js';
import { applyModes, extractFiles, extractLinks, makeFolders } from '../../dist/stages/install-extract.js';
import { Rendering } from '../../dist/stages/install-render.js';
import { Pace } from '../../dist/stages/pace.js';
import { readingOf } from '../../dist/stages/tree-reading.js';

const [archive = '', folder = ''] = process.argv.slice(2);
const jobs = availableParallelism();
const opened = await openArchive(Buffer.from(archive), { jobs });
const { manifest } = opened;
const staging = new Staging(folder);
const threads = new FileThreads(
  readingOf(manifest.head, { root: staging.root, place: folder, via: null, formerPlaces: [] }),
  jobs,
  manifest.head.totals,
);
const rendering = new Rendering(manifest, { place: folder, slots: folder }, new Map());
const pace = new Pace({}, manifest.head.totals.entries);
await makeFolders(manifest, staging, pace);
const filled = await extractFiles(opened, staging, threads, rendering, new IndexSet(), pace);
rendering.finish(staging, filled);
extractLinks(manifest, staging, (_, target) => target);
applyModes(manifest, staging);
await threads.stop();
staging.close();
opened.close();
