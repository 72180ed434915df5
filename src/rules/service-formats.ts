/** Recognises the configuration of services, by name and first bytes, and knows how a path is written in each of their lines. */
import type { LanguageName } from '../formats/languages.ts';

export type ServiceFormat =
  'supervisord' | 'zope' | 'nginx' | 'apache' | 'uwsgi' | 'gunicorn' | 'systemd' | 'cron' | 'logrotate';

/** What is said of a path that stays absolute. */
export const PINNED_NOTES: Readonly<Record<ServiceFormat, string>> = {
  supervisord: 'supervisord expands nothing here',
  zope: "ZConfig can't name its own folder",
  nginx: "nginx can't name the folder of its configuration (start it with `-p` to resolve relative paths)",
  apache: "Apache can't name the folder of its configuration",
  uwsgi: 'uwsgi expands nothing here',
  gunicorn: 'read by gunicorn as Python',
  systemd: 'systemd knows no path relative to a unit',
  cron: 'cron knows no path relative to a crontab',
  logrotate: 'logrotate knows no path relative to its configuration',
};

/** The service whose configuration a file is; null for none that is known. */
export function serviceFormat(path: string, head: Buffer): ServiceFormat | null {
  const named = RECOGNISED.filter(({ names }) => names.test(path));
  if (named.length === 0) return null;
  const start = head.toString('latin1');
  return named.find(({ content }) => content.test(start))?.format ?? null;
}

const RECOGNISED: readonly { readonly format: ServiceFormat; readonly names: RegExp; readonly content: RegExp }[] = [
  {
    format: 'supervisord',
    names: /\.(conf|ini|cfg)$/,
    content:
      /^\[(supervisord|supervisorctl|unix_http_server|inet_http_server|(program|fcgi-program|eventlistener|rpcinterface|ctlplugin|group):[^\]]+)\]/m,
  },
  { format: 'uwsgi', names: /\.(ini|conf|cfg)$/, content: /^\[uwsgi\]/m },
  {
    format: 'zope',
    names: /\.(conf|zcml\.conf)$/,
    content:
      /^[ \t]*(%define[ \t]+\w+[ \t]|<(zodb_db|filestorage|zeo|zeoclient|eventlog|runner|zope|relstorage)\b|instancehome[ \t])/im,
  },
  {
    format: 'systemd',
    names: /\.(service|socket|timer|path|mount|automount|target|slice|swap|nspawn)$|\.d\/[^/]+\.conf$/,
    content: /^\[(Unit|Service|Socket|Timer|Path|Mount|Automount|Install|Slice|Swap)\]/m,
  },
  { format: 'cron', names: /(^|\/)(crontab|cron\.d\/[^/]+|[^/]+\.(cron|crontab))$/, content: /(?:)/ },
  { format: 'logrotate', names: /(^|\/)logrotate\.(conf|d\/[^/]+)$|\.logrotate$/, content: /(?:)/ },
  { format: 'gunicorn', names: /(^|\/)gunicorn[^/]*\.(py|conf)$/, content: /(?:)/ },
  {
    format: 'nginx',
    names: /(^|\/)nginx[^/]*\.conf$|(^|\/)nginx(\.d)?\/.*[^/]$|(^|\/)sites-(available|enabled)\/[^/]+$/,
    content: /(^|[;{}\s])(server|http|events|location|upstream|include|root|alias|access_log|error_log)\b/,
  },
  {
    format: 'apache',
    names: /\.conf(\.in)?$|(^|\/)(sites|mods|conf)-(available|enabled)\/[^/]+$/,
    content:
      /^[ \t]*(<(VirtualHost|Directory|IfModule|Location)\b|(ServerRoot|DocumentRoot|LoadModule|ServerName|PidFile)[ \t])/im,
  },
];

/** How a path is written in a line: the language to read its quotes by, or the one escape that the format has. */
export function writingIn(format: ServiceFormat, line: string): LanguageName | 'percent-doubled' | 'dollar-doubled' {
  switch (format) {
    case 'nginx':
    case 'apache':
      return 'conf';
    case 'logrotate':
      // on the lines that open a block popt takes the paths apart: backslashes as in a shell, but hardly any within quotes
      return /^\s*["']?\/[^{}]*\{?\s*$/.test(line) && /["']/.test(line) ? 'conf' : 'shell';
    case 'gunicorn':
      return 'python';
    case 'cron':
      return /^\s*\w+\s*=/.test(line) ? 'plain' : 'shell';
    case 'systemd':
      return WHOLE_LINES.test(line) ? 'percent-doubled' : 'conf';
    case 'supervisord':
      // the command is split as a shell would split it; an environment knows quotes, but no escapes
      if (/^\s*command\s*[=:]/i.test(line)) return 'shell';
      return /^\s*environment\s*[=:]/i.test(line) ? 'conf' : 'percent-doubled';
    case 'uwsgi':
      return 'percent-doubled';
    case 'zope':
      return 'dollar-doubled';
  }
}

/** Settings of systemd that take the rest of the line as one path or text (systemd.exec(5), systemd.service(5)). */
const WHOLE_LINES =
  /^\s*(WorkingDirectory|RootDirectory|RootImage|PIDFile|EnvironmentFile|Description|Documentation|Path\w+|Directory\w+|Listen\w+|What|Where)\s*=/;
