import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';

const root = path.join(__dirname, '..');
const inSource = (file: string) => path.join(root, 'src', file).replaceAll('\\', '/');
const textOf = (file: string) => readFileSync(inSource(file), 'utf8');

const options = 'strategy/options.ts';
const settings = 'login/settings.ts';
const transaction = 'login/transaction.ts';

// A setting that nobody parses, and a member of a cookie that nobody checks, would be a hole that no other test sees.
describe('the compiler', () => {
  let errorsIn: (checked: string, changed?: string, text?: string) => string[];

  before(function () {
    // The libraries are read and bound once, for all tests.
    this.timeout(60_000);
    errorsIn = createCompiler([options, settings, transaction]);
  });

  for (const file of [options, settings, transaction]) {
    it(`finds nothing wrong in ${file} as it is`, () => {
      expect(errorsIn(file)).to.deep.equal([]);
    });

    // Proves that what is found below is in the change, and not in how it is made.
    it(`finds nothing wrong in ${file} in place of itself`, () => {
      expect(errorsIn(file, file, textOf(file))).to.deep.equal([]);
    });
  }

  const parsers = /const parsers: .*? = \{\n(.*?)\n\};/s.exec(textOf(options))?.[1]?.split('\n') ?? [];
  it('is asked about every parser of the strategy’s options', () => {
    expect(parsers.map(nameIn)).to.include.members(['clientID', 'allowMissingNonce', 'transactions']);
    expect(parsers).to.have.length.above(12);
  });

  for (const line of parsers) {
    it(`misses the parser of ${nameIn(line)}`, () => {
      const text = without(textOf(options), `${line}\n`);

      expect(errorsIn(options, options, text).join('\n')).to.match(missing(nameIn(line)));
    });
  }

  it('refuses a parser of another type', () => {
    const text = replaced(
      textOf(options),
      "given.boolean('allowMissingNonce', false)",
      "given.text('allowMissingNonce')",
    );

    expect(errorsIn(options, options, text).join('\n')).to.match(
      /'string' is not assignable to type 'boolean'/,
    );
  });

  for (const member of ['quiet: boolean', 'quiet?: boolean']) {
    it(`misses the parser of a new option, ${member}`, () => {
      const text = withMember(textOf(options), 'JaccountStrategyOptions', member);

      expect(errorsIn(options, options, text).join('\n')).to.match(missing('quiet'));
    });

    it(`misses the parser of a new setting of the strategy, ${member}`, () => {
      const text = withMember(textOf(options), 'StrategySettings', `readonly ${member}`);

      expect(errorsIn(options, options, text).join('\n')).to.match(missing('quiet'));
    });

    it(`misses the parser of a new setting of the login, ${member}`, () => {
      const text = withMember(textOf(settings), 'LoginSettings', `readonly ${member}`);

      expect(errorsIn(options, settings, text).join('\n')).to.match(missing('quiet'));
    });

    for (const shape of ['Transaction', 'EndedLogin']) {
      it(`misses the check of a new member of ${shape}, ${member}`, () => {
        const text = withMember(textOf(transaction), shape, member);

        expect(errorsIn(transaction, transaction, text).join('\n')).to.match(missing('quiet'));
      });
    }
  }
});

function nameIn(line: string): string {
  return /^ *(?:\.\.\.)?(\w+)/.exec(line)?.[1] ?? line;
}

function missing(name: string): RegExp {
  const member = name === 'endpointParsers' ? 'issuer' : name;
  return new RegExp(
    `(?:missing the following properties from type .*: .*\\b${member}\\b|Property '${member}' is missing)`,
  );
}

function replaced(text: string, before: string, after: string): string {
  expect(text.split(before), before).to.have.length(2);
  return text.replace(before, after);
}

function without(text: string, part: string): string {
  return replaced(text, part, '');
}

function withMember(text: string, name: string, member: string): string {
  const [head] = new RegExp(`^export interface ${name}\\b.*\\{$`, 'm').exec(text) ?? expect.fail(name);
  return replaced(text, head, `${head}\n  ${member};`);
}

/** A compiler of this package that can take one file for another text, and says what is wrong in a file then. */
function createCompiler(files: string[]): typeof compile {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const compilerOptions: ts.CompilerOptions = { ...parsed.options, types: ['node'], noEmit: true };
  const host = ts.createCompilerHost(compilerOptions, true);
  const { getSourceFile } = host;
  const known = new Map<string, ts.SourceFile | undefined>();
  let override: { fileName: string; text: string } | undefined;
  host.getSourceFile = (name, ...rest) => {
    if (override?.fileName === name) return ts.createSourceFile(name, override.text, rest[0], true);
    if (!known.has(name)) known.set(name, getSourceFile(name, ...rest));
    return known.get(name);
  };
  const rootNames = files.map(inSource);
  let program = ts.createProgram({ rootNames, options: compilerOptions, host });

  function compile(checked: string, changed = checked, text?: string): string[] {
    const fileName = inSource(changed);
    override = text === undefined ? undefined : { fileName, text };
    program = ts.createProgram({ rootNames, options: compilerOptions, host, oldProgram: program });
    const source = program.getSourceFile(inSource(checked));
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
    );
  }
  return compile;
}
