/** The command line `chorus`. */
import { runCommandLine } from './commandLine.ts';
import { ExitCodes } from './exitCodes.ts';
import { useEnvironmentLanguage } from './language.ts';

// Before any command says what it does.
useEnvironmentLanguage();

// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? ExitCodes.ok : ExitCodes.failed),
);

const exitCode = await runCommandLine(process.argv.slice(2));
// A command may have set its own.
if (exitCode !== ExitCodes.ok) process.exitCode = exitCode;
