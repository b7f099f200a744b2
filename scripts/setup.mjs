// Runs before `npm start` and `npm test`: installs and builds what is missing or out of date, else does nothing.
import { execSync } from 'node:child_process';
import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
demandNode(JSON.parse(readFileSync('package.json', 'utf8')).engines.node);

// npm writes the first of the two files last: an install that was broken off begins anew. What a link leads to is somebody
// else's: npm would empty it.
if (!isLink('node_modules') && modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  run('Installing the dependencies', 'npm ci --include=dev --no-audit --no-fund');
}
const sources = [...readdirSync('src', { recursive: true }).map((file) => `src/${file}`), 'src'];
if (modified('dist/index.js') < Math.max(...[...sources, 'tsconfig.build.json'].map(modified))) {
  // Nothing of an earlier build may stay. A build that fails writes no dist/index.js, so the next start builds again.
  rmSync('dist', { recursive: true, force: true });
  run('Building', 'npm run --silent build');
  chmodSync('dist/emulator/cli.js', 0o755);
}

function demandNode(range) {
  const wanted = range.match(/\d+/g).map(Number);
  const present = process.versions.node.split('.').map(Number);
  const differs = wanted.findIndex((part, index) => part !== present[index]);
  if (differs === -1 || present[differs] > wanted[differs]) return;
  console.error(`passport-jaccount needs Node.js ${range}; this is ${process.version}: https://nodejs.org`);
  process.exit(1);
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(what, command) {
  console.log(`${what}: ${command}`);
  try {
    execSync(command, { stdio: 'inherit' });
  } catch (error) {
    // The command has told why.
    process.exit(error.status || 1);
  }
}
