// egg 3 with egg-passport. Run it with `node examples/egg/index.js`.
const egg = require('egg');

const { PORT = 3000 } = process.env;

async function main() {
  // One process. In production, egg-scripts starts the application.
  const app = await egg.start({ baseDir: __dirname });
  app.listen(PORT, () => console.log(`http://localhost:${PORT}`));
}

void main();
