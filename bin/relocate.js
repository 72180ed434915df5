#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// The V8 of Node 20 optimizes a function so early that a command of a few seconds spends a quarter of its processor time on that; later ones wait
// by themselves, and do not know the flag. Given before anything is compiled, for all threads.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=1000000');
await import('../bundle/cli/main.js');
