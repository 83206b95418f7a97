import os from 'node:os';
import { DIAGNOSTICS_REQUEST, type DiagnosticsResult, type SidecarStatus } from '../../protocol/client.ts';
import type { Client, Clients } from '../client.ts';
import type { ClientServices } from '../clientServices.ts';
import { nothing } from '../schemas.ts';

export interface DiagnosticsSources {
  readonly version: string;
  readonly clients: Clients;
}

/**
 * Returns the text for a bug report: versions, machine, model, figures. It has no code, no document paths and no token.
 */
export function handleDiagnostics(client: Client, services: ClientServices, sources: DiagnosticsSources): void {
  client.connection.onRequest(DIAGNOSTICS_REQUEST, nothing, (): DiagnosticsResult => ({
    text: diagnosticsText(services.status, sources),
  }));
}

function diagnosticsText(seen: SidecarStatus, { version, clients }: DiagnosticsSources): string {
  const { trouble, deviceReasons, engineLimits, modelPath, adapters, server, ...status } = seen;
  const memory = process.memoryUsage();
  const lines = [
    `Chorus sidecar ${version}, pid ${process.pid}, up ${Math.round(process.uptime())} s`,
    `Node ${process.version}${process.versions['electron'] ? `, Electron ${process.versions['electron']}` : ''}, ${process.platform} ${process.arch}, ${os.release()}`,
    `CPU: ${os.cpus()[0]?.model.trim() ?? 'unknown'}, ${os.availableParallelism()} threads available`,
    `Memory: ${mebibytes(os.freemem())} of ${mebibytes(os.totalmem())} MiB free; front ${mebibytes(memory.rss)} MiB, heap ${mebibytes(memory.heapUsed)} MiB`,
    `Clients: ${[...clients].map((each) => `${each.clientKind} ${each.clientVersion} (${each.documents.count} documents)`).join(', ')}`,
    ...Object.entries(status).map(([name, value]) => `${name}: ${value}`),
    ...(modelPath === undefined ? [] : [`modelPath: ${withoutHome(modelPath)}`]),
    ...(adapters ?? []).map(({ path, experts }) => `adapter: ${withoutHome(path)}, experts: ${experts}`),
    ...(server
      ? [
          `server: ${server.host}, ${server.model}`,
          ...server.reasonsForLocal.map((reason) => `not by the server: ${reason}`),
        ]
      : []),
    ...(deviceReasons ?? []).map((reason) => `device: ${reason}`),
    ...(engineLimits ?? []).map((limit) => `limit: ${limit}`),
    ...(trouble
      ? [
          `trouble ${trouble.code}: ${withoutHome(trouble.message)}`,
          ...(trouble.detail ? [withoutHome(trouble.detail)] : []),
        ]
      : []),
  ];
  return lines.join('\n');
}

/** Replaces the home folder, since its path names the user. */
function withoutHome(text: string): string {
  return text.replaceAll(os.homedir(), '~');
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
