/** The command line `chorus`. */
import { runCommandLine } from './commandLine.ts';
import { ExitCodes } from './exitCodes.ts';
import { useEnvironmentLanguage } from './language.ts';

// Must come before any command creates its description.
useEnvironmentLanguage();

// A reader such as `head` may close the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? ExitCodes.ok : ExitCodes.failed),
);

const exitCode = await runCommandLine(process.argv.slice(2));
// A command may have set its own exit code.
if (exitCode !== ExitCodes.ok) process.exitCode = exitCode;
