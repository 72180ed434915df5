/**
 * Locks on Linux: a unix socket in the abstract name space (unix(7)), which the kernel gives up when its owner dies and which needs no
 * file. A second one tells by its name who that is, since a run that is busy answers nobody. They are seen by all of one network name space.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { errorCode } from './entries.ts';
import type { Attempt, Holder } from './lock-holder.ts';

/** `sun_path` of sockaddr_un. Filled to the end: Node 20 pads a shorter name with NULs and later ones don't, and to the kernel those differ. */
const NAME_BYTES = 108;
const FILLER = '.';

/** Takes the lock, or tells who has it. */
export async function lockBySocket(key: string, what: string): Promise<Attempt> {
  const lock = await listen(lockName(key));
  if (lock === null) return { heldBy: holderByName(key) };
  const sign = await listen(`${signPrefix(key)}${process.pid}:${what}`);
  return {
    release: async () => {
      if (sign !== null) await close(sign);
      await close(lock);
    },
  };
}

/** Who holds the lock now; null where nobody does. */
export async function socketHolder(key: string): Promise<Holder | null> {
  const socket = connect({ path: abstract(lockName(key)) });
  try {
    await once(socket, 'connect');
    return holderByName(key);
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

function lockName(key: string): string {
  return `relocate:${key}`;
}

function signPrefix(key: string): string {
  return `relocate-run:${key}:`;
}

function abstract(name: string): string {
  return `\0${name}`.padEnd(NAME_BYTES, FILLER).slice(0, NAME_BYTES);
}

/** Null where the name is taken. */
async function listen(name: string): Promise<Server | null> {
  const server = createServer((connection) => connection.destroy());
  server.unref();
  try {
    server.listen({ path: abstract(name) });
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') return null;
    throw error;
  }
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** The sockets of this host by name: the last column of /proc/net/unix (proc(5)), `@` for the NUL. */
function holderByName(key: string): Holder {
  const sign = `@${signPrefix(key)}`;
  for (const line of socketNames()) {
    const at = line.indexOf(sign);
    const [pid, what] = at < 0 ? [] : line.slice(at + sign.length).split(':');
    if (pid !== undefined && what !== undefined) return { pid: Number(pid), what: what.replace(/\.+$/, '') };
  }
  return { pid: null, what: '' };
}

function socketNames(): string[] {
  try {
    return readFileSync('/proc/net/unix', 'latin1').split('\n');
  } catch {
    return [];
  }
}
