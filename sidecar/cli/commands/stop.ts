import type { Command } from 'commander';
import { printJson } from '../output.ts';
import { withJson } from '../options.ts';
import { Session } from '../session.ts';

/** `chorus stop`: ends the shared sidecar, whoever is connected. Editors start it again when they need it. */
export function addStop(program: Command): void {
  withJson(program.command('stop').description('end the shared sidecar')).action(stop);
}

async function stop(options: { readonly json: boolean }): Promise<void> {
  const session = await Session.openRunning();
  if (session) {
    await session.stop();
    await session.close();
  }
  if (options.json) printJson({ stopped: session !== undefined });
  else process.stdout.write(session ? 'The sidecar has ended.\n' : 'No sidecar was running.\n');
}
