/**
 * The workshop's process, which makes models from others and analyses them. Its parent sends JSON-RPC over the IPC
 * channel.
 */
import process from 'node:process';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { nativeCalls } from '../../kernels/ggml/nativeCalls.ts';
import { startLifeline } from '../common/childProcess/lifeline.ts';
import { dieWithParent } from '../common/childProcess/parentDeath.ts';
import { outliers } from './outliers/outliers.ts';
import { quantize } from './quantize/quantize.ts';
import { serveWorkshop } from './requests.ts';
import { selectRows } from './selectRows.ts';
import { trim } from './trim/trim.ts';
import { upcycleLowRank } from './upcycle/lowRank/upcycleLowRank.ts';
import { upcycle } from './upcycle/upcycle.ts';

startLifeline({ nativeCalls });
dieWithParent();

// Ctrl-C reaches every process of a terminal; the parent decides when this process ends.
process.on('SIGINT', () => undefined);

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
serveWorkshop(connection, { upcycle, upcycleLowRank, quantize, trim, outliers, selectRows });
connection.listen();
