const needsFlag =
  'Jest cannot load jose, which verifies tokens: run Jest with NODE_OPTIONS=--experimental-vm-modules';

/**
 * Loads an ES module of jose into this CommonJS package. Node.js does that `byRequire`. Jest has a `require` of its own: it
 * needs a flag of Node.js for that, and before Node.js 24.9 it can do it `byImport` alone.
 *
 * @throws Error that names the flag, with the error of the loader as its cause.
 */
export async function loadModule<T>(byRequire: () => T, byImport: () => Promise<T>): Promise<T> {
  try {
    return byRequire();
  } catch (error) {
    if (!isJest()) throw error;
  }
  try {
    return await byImport();
  } catch (cause) {
    throw new Error(needsFlag, { cause });
  }
}

// Jest sets it in each of its processes.
function isJest(): boolean {
  return process.env.JEST_WORKER_ID !== undefined;
}
