/** The front: the process that clients connect to. This file creates and connects its parts. */
import { parseArgs } from 'node:util';
import { ChatService } from '../chat/chatService.ts';
import { connect } from '../client/connect.ts';
import { contextsFolder } from '../keptContexts/contextSets.ts';
import { AdoptedExperts } from '../learning/adoptedExperts.ts';
import { learningFolder } from '../keptContexts/learntFolder.ts';
import { ensureHome, homeFolder, type Home } from '../common/home.ts';
import { EXIT_DISK_FULL, isDiskFull } from '../common/homeFailure.ts';
import { isGone } from '../client/launch.ts';
import { EXIT_ALREADY_RUNNING } from '../client/startSidecar.ts';
import { readStateFile, removeStateFile, writeStateFile } from '../client/stateFile.ts';
import { EditWriter } from '../completion/rewriting/editWriter.ts';
import { CompletionService } from '../completion/completionService.ts';
import { StatisticsCounter } from '../completion/statistics.ts';
import { DictationService } from '../dictation/dictationService.ts';
import { IndexThread } from '../workspaceIndex/indexThread.ts';
import { restartWorkspaces } from '../workspaceIndex/restartWorkspaces.ts';
import { EngineProcess } from '../engine/process/engineProcess.ts';
import { Microphone } from '../dictation/microphone/microphone.ts';
import { PROTOCOL_VERSION } from '../protocol/client.ts';
import { Quietness } from './power/quietness.ts';
import { defaultModelPath } from '../shelf/defaultModel.ts';
import { expertsOf } from '../shelf/modelExperts.ts';
import { localModels } from '../shelf/localModels.ts';
import { Shelf } from '../shelf/shelf.ts';
import { speechModelPath } from '../shelf/speechModels.ts';
import { Clients } from './client.ts';
import { FrontDeparture } from './departure.ts';
import { serveClient } from './front.ts';
import { Lifetime, lifetimeDefaults } from './lifetime.ts';
import { standardErrorLog } from './log.ts';
import { FrontModelSession } from './modelSession.ts';
import { speedKey } from '../completion/prompt/promptMaker.ts';
import { PromptSpeeds } from './promptSpeeds.ts';
import { RetryDelay } from './retryDelay.ts';
import { StateFileWatch } from './stateFileWatch.ts';
import { StatusBroadcast } from './statusBroadcast.ts';
import { VERSION } from '../common/version.ts';
import { FrontServer } from './sockets/webSocketServer.ts';

const { values: args } = parseArgs({
  options: { home: { type: 'string' }, 'launch-id': { type: 'string' }, 'head-needs-file': { type: 'string' } },
});
const home = await ensureHome(args.home ?? homeFolder());
const launchId = args['launch-id'] ?? crypto.randomUUID();
const log = standardErrorLog(home);

const engine = new EngineProcess({
  isWatched: true,
  log: (line) => log.info(line),
  onCrashed: (reason) => session.engineCrashed(reason),
});
const clients = new Clients();
const status = new StatusBroadcast(clients);
const quietness = new Quietness({
  onChange: () => {
    session.quietnessChanged();
    completions.quietnessChanged();
  },
});
const speeds = await PromptSpeeds.open(home.speedsFile);
const session: FrontModelSession = new FrontModelSession({
  engine,
  isQuiet: () => quietness.isQuiet,
  promptSpeedOf: (model) => speeds.of(speedKey(model)),
  defaultModelPath,
  expertsOf,
  headNeedsFile: args['head-needs-file'] ?? home.headNeedsFile,
  retryDelay: new RetryDelay(),
  onStatus: () => status.send(),
});
const index = new IndexThread((error, isRepeated) => {
  log.error(
    isRepeated
      ? 'The index crashed again. It is rebuilt without the largest workspace until the settings or rules of that workspace change'
      : 'The index crashed and is rebuilt',
    error,
  );
  restartWorkspaces(
    [...clients].flatMap(({ files }) => files ?? []),
    isRepeated,
  );
});
const statistics = new StatisticsCounter();
const completions: CompletionService = new CompletionService({
  session,
  speeds,
  statistics,
  running: () => session.running,
  onRunning: (listener) => session.onRunning(listener),
  isQuiet: () => quietness.isQuiet,
  onReadAhead: (isReading) => session.readingAhead(isReading),
});
const editWriter = new EditWriter({ session, isQuiet: () => quietness.isQuiet });
const chatService = new ChatService({ session });
const dictation = new DictationService({ openMicrophone: (events) => new Microphone(events), speechModelPath });
const shelf = new Shelf({ homeFolder: home.folder, localModels: (modelsFolder) => localModels({ modelsFolder }) });

const departure = new FrontDeparture({
  clients,
  log,
  unpublish: async () => {
    stateFileWatch.stop();
    server.stopListening();
    await removeStateFile(home.stateFile, launchId);
  },
  shutDown: async () => {
    await Promise.all([engine.dispose(), dictation.dispose(), index.dispose(), speeds.flush(), shelf.dispose()]);
    server.close();
  },
  exit: () => process.exit(0),
});
// Handles the case that two starters held the lock at once, or that the file was deleted by hand.
const stateFileWatch = new StateFileWatch({
  file: home.stateFile,
  launchId,
  onReplaced: () => departure.drain('The state file is gone or names another sidecar'),
});
const lifetime = new Lifetime({ ...lifetimeDefaults(), leave: () => departure.leave('no client') });

const experts = new AdoptedExperts(learningFolder(home.folder));
let nextClientId = 1;
const server = new FrontServer({
  onConnection: (socket) =>
    serveClient(socket, nextClientId++, {
      version: VERSION,
      log,
      clients,
      session,
      quietness,
      completions,
      editWriter,
      chatService,
      statistics,
      dictation,
      index,
      shelf,
      departure,
      contextsFolder: contextsFolder(home.folder),
      learningFolder: learningFolder(home.folder),
      experts,
      onStatusChanged: () => status.send(),
      onClientsChanged: () => lifetime.clientCountChanged(clients.count),
    }),
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => departure.leave(signal));
process.on('unhandledRejection', (error) => log.error('A promise was rejected without a handler', error));
process.on('uncaughtException', (error) => {
  log.error('The front failed', error);
  process.exit(isDiskFull(error) ? EXIT_DISK_FULL : 70);
});

await server.listen();
await publish(home);
lifetime.start();
stateFileWatch.start();
quietness.start().catch((error: unknown) => log.error('The power source could not be read', error));

/**
 * Writes the state file, unless it names another sidecar, even if that sidecar does not answer. If two starters held
 * the lock at once, one sidecar must remain. The starter looks again, and reports a sidecar that does not answer.
 */
async function publish({ stateFile }: Home): Promise<void> {
  const other = await readStateFile(stateFile);
  if (other) {
    const failure: unknown = await connect(other).then(
      (socket) => socket.terminate(),
      (error: unknown) => error,
    );
    if (!isGone(failure)) process.exit(EXIT_ALREADY_RUNNING);
  }
  await writeStateFile(stateFile, {
    port: server.port,
    token: server.token,
    serverToken: server.serverToken,
    pid: process.pid,
    version: VERSION,
    protocolVersion: PROTOCOL_VERSION,
    launchId,
    startedAt: new Date().toISOString(),
    script: process.argv[1],
  });
  log.info(`Chorus ${VERSION} listens, process ${process.pid}`);
}
