// One run of the benchmark: where it works, how often contestants run, what was measured, and on what machine.
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { readyCorpus } from './corpus.js';
import { compare } from './measure.js';
import { NODE, RELOCATE } from './peers.js';
import { Stopped } from './run.js';
import { comparisonTable, isBusy } from './tables.js';

export class Bench {
  tables = [];
  hasFailed = false;
  #skipped = [];
  #corpus = null;
  #begun = Date.now();
  #machine = {
    processors: cpus().length,
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memory: Math.round(totalmem() / 1e9),
    system: `${type()} ${release().split('-')[0]}`,
    node: process.versions.node,
    load: loadavg()[0],
  };

  /** `folder`: for what a part makes and removes. `rounds`: how often a contestant runs; `most`: files of the largest tree of small files. */
  constructor({ folder, corpusFolder, isQuick, files, rounds, most }) {
    Object.assign(this, { folder, corpusFolder, isQuick, files, rounds, most });
    this.#warnWhenBusy();
  }

  /** Rounds where one takes long, and where one is over in no time. */
  get fewer() {
    return Math.max(1, Math.ceil(this.rounds / 2));
  }

  get more() {
    return this.isQuick ? this.rounds : this.rounds * 3;
  }

  say = (text) => process.stdout.write(`${text}\n`);

  /** One part that fails does not take the others with it; it is told, and the benchmark has failed. */
  async part(name, run) {
    this.say(`\n## ${name}\n`);
    const begun = Date.now();
    try {
      await run(this);
    } catch (error) {
      if (error instanceof Stopped) throw error;
      console.error(error);
      this.hasFailed = true;
      this.skip(`part ${name}`, 'it failed');
    }
    this.say(`\n(${name}: ${((Date.now() - begun) / 1000).toFixed(0)} s)`);
  }

  async corpus() {
    this.#corpus ??= await readyCorpus(this.corpusFolder, this.files, this.say);
    return this.#corpus;
  }

  /** Says loudly what can't run; it is in the results too. */
  skip(what, why) {
    if (this.#skipped.some((other) => other.what === what)) return;
    this.#skipped.push({ what, why });
    this.say(`SKIPPED: ${what} (${why})`);
  }

  /**
   * Runs contestants in turn and keeps the table. `rounds`: if others than usual; `isWarm`: what they read was read already; `noteAfter`: what
   * can only be said when all have run.
   */
  async compare({ rounds = this.rounds, isWarm = this.isQuick, noteAfter, ...table }, contestants) {
    const shown = contestants.map((contestant) => ({ ...contestant, shown: this.#shown(contestant.command) }));
    const results = await compare(shown, { rounds, folder: this.folder, isWarm });
    const note = [table.note, noteAfter?.()].filter((part) => part !== undefined).join(' ');
    const { id, title, files, bytes } = table;
    const kept = { id, title, ...(note === '' ? {} : { note }), files, bytes, contestants: results };
    this.tables.push(kept);
    this.say(`\n${comparisonTable(kept)}`);
  }

  /** All of it, as plain data. */
  results() {
    return {
      version: 1,
      machine: this.#machine,
      options: { files: this.files, rounds: this.rounds, most: this.most, quick: this.isQuick },
      seconds: Math.round((Date.now() - this.#begun) / 1000),
      corpus: this.#corpus === null ? null : this.#corpus.size,
      skipped: this.#skipped,
      tables: this.tables,
    };
  }

  #warnWhenBusy() {
    const { load, processors } = this.#machine;
    this.say(`load ${load.toFixed(2)} on ${processors} processors`);
    if (isBusy(this.#machine))
      this.say('WARNING: the machine has other things to do; read ratios and CPU s, not seconds');
  }

  /** A command as one would type it. */
  #shown(command) {
    const places = [
      [`${NODE} ${RELOCATE}`, 'relocate'],
      [`${NODE} `, 'node '],
      [RELOCATE.replace(/bin\/relocate\.js$/, ''), ''],
      [this.corpusFolder, 'CORPUS'],
      [this.folder, 'WORK'],
    ];
    const words = command.map((word) => (/^[\w./:=@+,-]+$/.test(word) ? word : `'${word}'`)).join(' ');
    return places.reduce((text, [place, name]) => text.replaceAll(place, name), words);
  }
}
