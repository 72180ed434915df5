// The memory of a program and all that it starts, taken together: a pipe of two programs needs both. What two of them share counts twice.
import { readdirSync, readFileSync } from 'node:fs';

const EVERY = 20;
const PAGE = 4096;
const MB = 1024 * 1024;

/** Watches what runs below bash and GNU time, from `start(pid)` to `end()`. */
export function peakOf() {
  let [peak, timer] = [0, null];
  const look = (pid) => {
    const programs = childrenOf(pid).flatMap(childrenOf);
    peak = Math.max(peak, sum(programs.flatMap(withDescendants).map(residentBytes)));
  };
  return {
    start: (pid) => (timer = setInterval(look, EVERY, pid)),
    end: () => clearInterval(timer),
    megabytes: () => peak / MB,
  };
}

function withDescendants(pid) {
  const children = childrenOf(pid).filter((child) => wordsOf(child) !== wordsOf(pid));
  return [pid, ...children.flatMap(withDescendants)];
}

/** A child with the words of its parent has not become another program yet: all its memory is its parent's. */
function wordsOf(pid) {
  return orNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1'), '');
}

function childrenOf(pid) {
  return orNothing(() => {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
    return lists.flatMap((list) => list.split(' ').filter(Boolean));
  }, []);
}

function residentBytes(pid) {
  return orNothing(() => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE, 0);
}

/** A process may end while it is looked at. */
function orNothing(look, nothing) {
  try {
    return look();
  } catch {
    return nothing;
  }
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
