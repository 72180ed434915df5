/** RL206: paths in the configuration of services. Where the format can refer to itself it does; else the path is pinned. */
import { trueEscaping } from '../formats/context.ts';
import type { Hit } from '../formats/needles.ts';
import { escapingsAt } from '../formats/quoting.ts';
import { dirName, relativeTo } from '../model/path.ts';
import type { Escaping } from '../model/reference.ts';
import { pinned, relative } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { PINNED_NOTES, serviceFormat, writingIn, type ServiceFormat } from './service-formats.ts';
import { supervisorForm } from './supervisor-config.ts';
import { lineAt } from './text-lines.ts';
import { zopePlan } from './zope-config.ts';

export const rule: FileRule = {
  code: 'RL206',
  summary:
    "The tree's path in the configuration of a service: supervisord, Zope, nginx, Apache, uwsgi, systemd, cron, logrotate.",
  subject: 'file',
  appliesTo: ({ path, head, size }) => size < 1024 * 1024 && serviceFormat(path, head) !== null,
  *claim(view, hits, context) {
    const format = serviceFormat(view.path, view.head);
    if (format === null || !view.isText) return;
    const zope = format === 'zope' ? zopePlan(view.latin1(), hits) : null;
    for (const hit of hits) {
      if (hit.escaping !== 'plain') continue;
      const splices = zope?.references.get(hit);
      if (splices !== undefined) yield relative(view, hit, splices, { escaping: 'dollar-doubled' });
      else if (format === 'supervisord') yield supervisorClaim(view, hit, context);
      else if (format === 'uwsgi' && isUwsgiValue(view, hit)) yield uwsgiClaim(view, hit);
      else yield pinnedClaim(view, hit, format, hit === zope?.definition ? DEFINITION_NOTE : PINNED_NOTES[format]);
    }
  },
};

const DEFINITION_NOTE = "ZConfig can't name its own folder: this becomes the one place where the path stands";

function supervisorClaim(view: FileView, hit: Hit, context: RuleContext): Claim {
  const form = supervisorForm(view, hit, context);
  if ('pinned' in form) return pinnedClaim(view, hit, 'supervisord', form.pinned || PINNED_NOTES.supervisord);
  return relative(view, hit, [form.splice], { escaping: escapingIn('supervisord', view, hit), note: form.note });
}

/** uwsgi's `%d` is the folder of the configuration file, links resolved, with a slash behind it. */
function uwsgiClaim(view: FileView, hit: Hit): Claim {
  const text = `%d${relativeTo(dirName(view.path), hit.prefix.base)}`;
  return relative(view, hit, [{ start: hit.start, end: hit.end, text }], { escaping: 'percent-doubled' });
}

function isUwsgiValue(view: FileView, hit: Hit): boolean {
  const line = lineAt(view.latin1(), hit.start);
  return /^\s*[^\s;#[=][^=]*=/.test(line.text.slice(0, hit.start - line.start));
}

function pinnedClaim(view: FileView, hit: Hit, format: ServiceFormat, note: string): Claim {
  return pinned(view, hit, { note, escaping: escapingIn(format, view, hit) });
}

const IN_QUOTES: ReadonlySet<Escaping> = new Set(['shell-double', 'shell-single']);

/** The quoting where the text between quotes is itself taken apart. */
function withinQuotes(format: ServiceFormat, quoting: Escaping, before: string): Escaping {
  // a `%` between quotes would end a command of cron, and a backslash before it would reach the shell: such a path is refused
  if (format === 'cron' && IN_QUOTES.has(quoting)) return 'literal';
  // a piped log (`"|/P/bin/rotatelogs /P/log 86400"`) is a command, which Apache splits at blanks
  if (format === 'apache' && quoting === 'literal' && /["']\|[^"']*$/.test(before)) return 'word';
  return quoting;
}

/** How a path is written where the hit stands. Strings of these formats end with their line (gunicorn's Python too, as a rule). */
function escapingIn(format: ServiceFormat, view: FileView, hit: Hit): Escaping {
  const { start, text } = lineAt(view.latin1(), hit.start);
  const writing = writingIn(format, text);
  if (writing === 'percent-doubled' || writing === 'dollar-doubled') return writing;
  const [quoting = 'plain'] = escapingsAt(text, [hit.start - start], writing);
  const before = text.slice(Math.max(0, hit.start - start - 64), hit.start - start);
  const around = withinQuotes(format, quoting, text.slice(0, hit.start - start));
  return trueEscaping(view.region(hit.start, hit.end), hit.prefix.path, hit.escaping, around, before);
}
