/** A line with a change that a mistake could make. */
export interface Mutation {
  readonly file: string;
  /** Text that occurs once in the file. */
  readonly find: string;
  readonly replacement: string;
}

/** Mutations that the same tests should notice. */
export interface MutationGroup {
  /** The area in which an unnoticed mistake does harm. */
  readonly name: string;
  readonly tests: readonly string[];
  readonly mutations: readonly (readonly [file: string, find: string, replacement: string])[];
}

const secretFiles = 'sidecar/privacy/secretFiles.ts';
const ignorePatterns = 'sidecar/privacy/ignorePatterns.ts';
const authentication = 'sidecar/front/sockets/authentication.ts';
const webSocketServer = 'sidecar/front/sockets/webSocketServer.ts';
const lspConnection = 'sidecar/front/lspConnection.ts';
const schemas = 'sidecar/front/schemas.ts';
const stateFile = 'sidecar/client/stateFile.ts';
const documentPolicy = 'extension/documents/documentPolicy.ts';
const ignoreRules = 'sidecar/privacy/ignoreRules.ts';
const secretDocuments = 'sidecar/cli/secretDocuments.ts';
const serverAddress = 'sidecar/remoteServers/serverAddress.ts';
const serverConnection = 'sidecar/remoteServers/serverConnection.ts';
const markdown = 'media/chat/markdown.ts';
const header = 'sidecar/models/gguf/header.ts';
const validate = 'sidecar/models/gguf/validate.ts';
const byteReader = 'sidecar/models/gguf/byteReader.ts';
const contextStore = 'sidecar/keptContexts/contextStore.ts';
const chunkFile = 'sidecar/keptContexts/chunkFile.ts';
const chunkNames = 'sidecar/keptContexts/chunkNames.ts';
const contextKeeper = 'sidecar/engine/contextKeeper.ts';
const copyRows = 'sidecar/engine/copyRows.ts';
const checkRequest = 'sidecar/engine/checkRequest.ts';
const generation = 'sidecar/engine/generation.ts';
const chunkSizer = 'sidecar/engine/chunkSizer.ts';
const sampler = 'sidecar/models/decoding/sampler.ts';
const completionCache = 'sidecar/completion/completionCache.ts';
const transfer = 'sidecar/shelf/download/transfer.ts';
const remoteFile = 'sidecar/shelf/download/remoteFile.ts';
const partialFile = 'sidecar/shelf/download/partialFile.ts';
const downloadModel = 'sidecar/shelf/download/downloadModel.ts';
const httpClient = 'sidecar/common/http/httpClient.ts';

const groups: readonly MutationGroup[] = [
  {
    name: 'files that hold secrets',
    tests: ['test/sidecar/privacy/secretFiles.test.ts'],
    mutations: [
      [secretFiles, "'*.p12',", ''],
      [secretFiles, "'.git-credentials',", ''],
      [secretFiles, "'id_ed25519*',\n  '!*.pub',", "'!*.pub',\n  'id_ed25519*',"],
      [secretFiles, '{ ignoreCase: true },', '{ ignoreCase: false },'],
      [secretFiles, '[...SECRET_FILES, ...added]', '[...added, ...SECRET_FILES]'],
      [secretFiles, '> MAX_PATH_STEPS) return true;', '> MAX_PATH_STEPS) return false;'],
      [secretFiles, 'verdict === undefined &&', ''],
      [secretFiles, 'name.normalize().replace', 'name.replace'],
      [secretFiles, "return isBelowSecret ? 'ignored' : ", 'return '],
      [secretFiles, "new IgnorePatterns(['*'], { ignoreCase: true })", 'new IgnorePatterns([], { ignoreCase: true })'],
      [secretFiles, 'UNHEEDED_END.source, added])', 'UNHEEDED_END.source])'],
    ],
  },
  {
    name: 'patterns of ignored files',
    tests: ['test/sidecar/privacy/ignorePatterns.test.ts'],
    mutations: [
      [ignorePatterns, 'patterns.length > MAX_PATTERNS', 'patterns.length > 10 * MAX_PATTERNS'],
      [ignorePatterns, 'wildcardUnits > MAX_WILDCARD_UNITS', 'wildcardUnits > 10 * MAX_WILDCARD_UNITS'],
      [ignorePatterns, 'line.length > MAX_PATTERN_UNITS', 'line.length > 10 * MAX_PATTERN_UNITS'],
      [ignorePatterns, "name !== '' && name !== '.' && name !== '..'", "name !== '' && name !== '.'"],
      [ignorePatterns, 'path.length <= MAX_PATH_UNITS &&', ''],
      [ignorePatterns, 'names.length <= MAX_PATH_FOLDERS &&', ''],
      [ignorePatterns, 'this.#patterns.findLast(', 'this.#patterns.find('],
      [ignorePatterns, "kind === 'folder' || !pattern.isForFolders", 'true'],
      [ignorePatterns, "pattern.replace(/^\\//, '')", 'pattern'],
      [ignorePatterns, "text.replace(/^\\ufeff/, '')", 'text'],
      [ignorePatterns, 'backslashes % 2 === 1 ? end + 1 : end', 'end'],
      ['sidecar/privacy/segmentPattern.ts', 'character = ++starCharacter;', 'starCharacter = ++character;'],
      ['sidecar/privacy/segmentPattern.ts', 'token = behindStar;', 'token = 0;'],
      ['sidecar/privacy/segmentPattern.ts', '!== isNegated,', '=== isNegated,'],
    ],
  },
  {
    name: 'authentication',
    tests: [
      'test/sidecar/front/deadClients.test.ts',
      'test/sidecar/front/handshake.test.ts',
      'test/sidecar/front/sockets/webSocketServer.test.ts',
    ],
    mutations: [
      [authentication, 'request.headers.origin !== undefined', "request.headers.origin === 'null'"],
      [authentication, "if (!hosts.includes(request.headers.host ?? ''))", 'if (request.headers.host === undefined)'],
      [authentication, 'localhost:${expected.port}', 'localhost'],
      [authentication, "!isSameSecret(match[1] ?? '', expected.token)", "!expected.token.startsWith(match[1] ?? '')"],
      [webSocketServer, "host: '127.0.0.1', port: 0", "host: '0.0.0.0', port: 0"],
      [
        webSocketServer,
        'this.#webSockets.clients.size >= this.#maxClients',
        'this.#webSockets.clients.size > this.#maxClients',
      ],
      [webSocketServer, 'maxHeaderSize: 8 * 1024', 'maxHeaderSize: 800 * 1024'],
      [webSocketServer, 'else socket.terminate();', 'else socket.ping();'],
      [webSocketServer, "socket.once('finish', () => socket.destroy());", ''],
    ],
  },
  {
    name: 'limits of a connection',
    tests: [
      'test/sidecar/front/frames.test.ts',
      'test/sidecar/front/slowReader.test.ts',
      'test/sidecar/front/log.test.ts',
    ],
    mutations: [
      [webSocketServer, 'maxPayload: MAX_FRAME_BYTES', 'maxPayload: 2 * MAX_FRAME_BYTES'],
      [
        lspConnection,
        'this.socket.bufferedAmount <= MAX_BUFFERED_BYTES',
        'this.socket.bufferedAmount <= 4 * MAX_BUFFERED_BYTES',
      ],
      [lspConnection, "socket.on('message', () => this.#cutOffSlowReader());", ''],
      [lspConnection, "if (this.#phase === 'new')", "if (this.#phase === 'shutdown')"],
      [lspConnection, "if (this.#phase === 'shutdown')", "if (this.#phase === 'new')"],
      [lspConnection, "if (this.#phase === 'new' && method !== 'exit') return;", ''],
      ['sidecar/front/sockets/frameReader.ts', "this.socket.close(1003, 'Binary frames are not accepted');", ''],
      [
        'sidecar/front/log.ts',
        "`${error.name}${code === undefined ? '' : ` (${code})`}",
        "`${error.name} ${error.message}${code === undefined ? '' : ` (${code})`}",
      ],
    ],
  },
  {
    name: 'settings and params out of bounds',
    tests: [
      'test/sidecar/front/schemas.test.ts',
      'test/sidecar/protocol.test.ts',
      'test/sidecar/front/requestError.test.ts',
    ],
    mutations: [
      [schemas, 'threads: count.max(SETTING_LIMITS.threads)', 'threads: count'],
      [
        schemas,
        "regex(/^[\\x21-\\x7e]*$/, 'expected visible ASCII characters')",
        "regex(/^[^]*$/, 'expected visible ASCII characters')",
      ],
      [schemas, "names[0] === 'server' ? ['server']", "names[0] === 'servers' ? ['server']"],
      [schemas, 'names.slice(0, ofLists)', 'names'],
      [
        schemas,
        'url: z.string().min(1).max(SETTING_LIMITS.urlUnits),\n      model',
        'url: z.string().min(1),\n      model',
      ],
      [schemas, 'noProxy: z.array(z.string().max(256)).max(1000)', 'noProxy: z.array(z.string().max(256))'],
      [schemas, 'const uri = z.string().min(1).max(8192);', 'const uri = z.string().min(1);'],
      [
        'sidecar/front/requestError.ts',
        '`Chorus failed (${name}). The log',
        '`Chorus failed (${String(error)}). The log',
      ],
    ],
  },
  {
    name: 'the state file and the folder',
    tests: [
      'test/sidecar/common/isPrivate.test.ts',
      'test/sidecar/client/stateFile.test.ts',
      'test/sidecar/common/home.test.ts',
      'test/sidecar/client/launch.test.ts',
    ],
    mutations: [
      ['sidecar/common/isPrivate.ts', '(mode & 0o077) === 0', '(mode & 0o007) === 0'],
      ['sidecar/common/isPrivate.ts', 'uid === process.getuid?.() && ', ''],
      [stateFile, 'isSidecarState(state) && state.launchId === launchId', 'isSidecarState(state)'],
      [stateFile, 'isIntegerBetween(state.port, 1, 65_535)', 'isIntegerBetween(state.port, 0, 165_535)'],
      ['sidecar/common/home.ts', "if (!status.isDirectory()) throw new Error('it is not a folder');", ''],
      [
        'sidecar/common/home.ts',
        '(status.mode & 0o077) !== 0) await chmod',
        '(status.mode & 0o077) === 0) await chmod',
      ],
      [
        'sidecar/client/connect.ts',
        "headers[SERVER_TOKEN_HEADER] === state.serverToken ? 'proven' : 'foreign'",
        "'proven'",
      ],
    ],
  },
  {
    name: 'logs and files of this user alone',
    tests: [
      'test/sidecar/client/launchLog.test.ts',
      'test/sidecar/common/writeWhole.test.ts',
      'test/sidecar/keptContexts/workspaceKey.test.ts',
    ],
    mutations: [
      ['sidecar/client/launchLog.ts', 'O_CREAT | O_NOFOLLOW, 0o600)', 'O_CREAT | O_NOFOLLOW, 0o644)'],
      ['sidecar/client/launchLog.ts', 'O_CREAT | O_NOFOLLOW, 0o600)', 'O_CREAT, 0o600)'],
      ['sidecar/client/launchLog.ts', 'status.size > MAX_LOG_BYTES', 'status.size > 2 * MAX_LOG_BYTES'],
      ['sidecar/client/launchLog.ts', 'await rm(home.logFile, { force: true });', 'undefined;'],
      [
        'sidecar/client/launchLog.ts',
        'Math.max(size - TAIL_BYTES, fromByte > size ? 0 : fromByte)',
        'Math.max(size - TAIL_BYTES, 0)',
      ],
      [
        'sidecar/client/launchLog.ts',
        'Math.max(size - TAIL_BYTES, fromByte > size ? 0 : fromByte)',
        'fromByte > size ? 0 : fromByte',
      ],
      ['sidecar/common/writeWhole.ts', 'mode: 0o600', 'mode: 0o644'],
      ['sidecar/common/writeWhole.ts', 'await rm(temporary, { force: true }).catch(() => undefined);', ''],
      ['sidecar/keptContexts/workspaceKey.ts', ".join('\\n')", ".join('')"],
      ['sidecar/keptContexts/workspaceKey.ts', 'path.resolve(fileURLToPath(uri))', 'fileURLToPath(uri)'],
    ],
  },
  {
    name: 'documents that leave the window',
    tests: ['test/extension/documents/documentPolicy.test.ts', 'test/sidecar/privacy/ignoreRules.test.ts'],
    mutations: [
      [documentPolicy, "if (this.#secretFiles.has(uri.path)) return 'secret';", ''],
      [documentPolicy, "if (!SYNCED_SCHEMES.includes(uri.scheme)) return 'scheme';", ''],
      [
        documentPolicy,
        "return target === undefined ? 'allowed' : await this.#judgeName(target, true);",
        "return 'allowed';",
      ],
      [
        documentPolicy,
        "this.#noteUnread(error, file);\n      return 'ignored';",
        "this.#noteUnread(error, file);\n      return 'allowed';",
      ],
      [documentPolicy, 'if (epoch === this.#epoch) return result;', 'return result;'],
      [ignoreRules, '() => this.#everything(),', '() => [],'],
      [ignoreRules, '.catch(() =>\n      this.#everything(),', '.catch(() =>\n      [],'],
      [ignoreRules, 'if (!isPlainPath(plain)) return true;', 'if (!isPlainPath(plain)) return false;'],
      [ignoreRules, 'of rules.toReversed()', 'of rules'],
      [
        ignoreRules,
        'for (let depth = 1; depth <= names.length; depth++)',
        'for (let depth = names.length; depth <= names.length; depth++)',
      ],
      [
        ignoreRules,
        'for (let depth = names.length - 1; depth >= 0; depth--)',
        'for (let depth = names.length - 1; depth > 0; depth--)',
      ],
      [ignoreRules, '`${key}/`.startsWith(`${folder}/`)', 'key === folder'],
    ],
  },
  {
    name: 'documents of other editors',
    tests: ['test/sidecar/cli/secretDocuments.test.ts'],
    mutations: [
      [secretDocuments, 'for (const uri of uris) this.#kept.add(uri);', 'this.#kept.add(uris[0] as string);'],
      [secretDocuments, 'if (this.#isSecret(target)) return', 'if (this.#isSecret(file)) return'],
      [secretDocuments, 'decoded(afterAuthority),', ''],
      [
        secretDocuments,
        "if (error instanceof TimeoutError) return 'its drive does not say whether it is a link to a secret file';",
        'if (error instanceof TimeoutError) return undefined;',
      ],
    ],
  },
  {
    name: 'settings that a workspace must not change',
    tests: ['test/extension/settings.test.ts'],
    mutations: [
      ['extension/settings.ts', 'return found?.globalValue ?? found?.defaultValue;', 'return reader.get(section);'],
      [
        'extension/settings.ts',
        "systemPrompt: text(userValue(reader, 'chat.systemPrompt'))",
        "systemPrompt: text(reader.get('chat.systemPrompt'))",
      ],
      [
        'extension/settings.ts',
        "keepOnDisk: flag(userValue(reader, 'contexts.keepOnDisk'))",
        "keepOnDisk: flag(reader.get('contexts.keepOnDisk'))",
      ],
      [
        'extension/settings.ts',
        "return stringList(userValue(reader, 'documents.secretFiles'));",
        "return stringList(reader.get('documents.secretFiles'));",
      ],
      [
        'extension/settings.ts',
        "text(userValue(reader, 'server.url'), SETTING_LIMITS.urlUnits)",
        "text(reader.get('server.url'), SETTING_LIMITS.urlUnits)",
      ],
      ['extension/settings.ts', '/^[a-z]{2,8}([-_][a-z\\d]{1,8}){0,3}$/i', '/^[a-z]{2,8}([-_][a-z\\d]{1,8}){0,3}/i'],
      ['extension/settings.ts', 'Math.min(Math.floor(number), maximum)', 'Math.floor(number)'],
    ],
  },
  {
    name: 'servers that may receive code',
    tests: [
      'test/sidecar/remoteServers/serverAddress.test.ts',
      'test/sidecar/remoteServers/privateNetwork.test.ts',
      'test/sidecar/remoteServers/serverEngine.test.ts',
    ],
    mutations: [
      [serverAddress, "['100.64.0.0', 10]", "['100.64.0.0', 8]"],
      [serverAddress, "['172.16.0.0', 12]", "['172.16.0.0', 8]"],
      [serverAddress, "['fc00::', 7],", ''],
      [
        serverAddress,
        "base.protocol === 'http:' && isIP(bareAddress(base.hostname)) !== 0 && !isPrivate(base.hostname)",
        'false',
      ],
      [serverAddress, "if (url.username !== '' || url.password !== '')", "if (url.username !== '')"],
      [
        'sidecar/remoteServers/privateNetwork.ts',
        'isPrivate(address) ? undefined : publicRefusal(hostname)',
        'undefined',
      ],
      [
        'sidecar/remoteServers/serverFetch.ts',
        "address.base.protocol === 'http:' && !allowHttp",
        "address.base.protocol === 'http:' && allowHttp",
      ],
      [serverConnection, "redirect: 'manual'", "redirect: 'follow' as 'manual'"],
      [serverConnection, '!failure.isPassing || attempt >= retries', '!failure.isPassing || attempt > retries'],
      [serverConnection, 'Math.min(ms, LONGEST_RETRY_AFTER_MS)', 'ms'],
    ],
  },
  {
    name: 'endless answers of a server',
    tests: ['test/sidecar/remoteServers/eventStream.test.ts', 'test/sidecar/common/http/boundedText.test.ts'],
    mutations: [
      ['sidecar/remoteServers/eventStream.ts', 'if (bytes > MAX_STREAM_BYTES)', 'if (bytes > 4 * MAX_STREAM_BYTES)'],
      [
        'sidecar/remoteServers/eventStream.ts',
        'maxBufferSize: MAX_EVENT_UNITS',
        'maxBufferSize: 100 * MAX_EVENT_UNITS',
      ],
      [
        'sidecar/remoteServers/eventStream.ts',
        'decoder.decode(part.value, { stream: true })',
        'decoder.decode(part.value)',
      ],
      ['sidecar/common/http/boundedText.ts', 'if (bytes > maxBytes)', 'if (bytes > 2 * maxBytes)'],
      ['sidecar/common/http/boundedText.ts', 'Math.max(1, endMs - performance.now())', 'limitMs'],
      ['sidecar/common/http/boundedText.ts', 'reader.cancel(error).catch(() => undefined);', ''],
    ],
  },
  {
    name: "a model's Markdown in the page",
    tests: ['test/media/chat/highlighter.test.ts', 'test/media/chat/markdown.test.ts'],
    mutations: [
      [markdown, 'ALLOWED_URI_REGEXP: /^https?:\\/\\//i', 'ALLOWED_URI_REGEXP: /^(https?|data):/i'],
      [markdown, 'html: false', 'html: true'],
      [markdown, 'this.#markdown.validateLink = isWebLink;', ''],
      [markdown, "'blockquote',", "'blockquote', 'img',"],
      [markdown, "ALLOWED_ATTR: ['class', ", "ALLOWED_ATTR: ['style', 'class', "],
      [markdown, 'return isWebLink(source) ? `<a', 'return true ? `<a'],
      ['media/chat/highlighter.ts', 'code.length > MAX_UNITS', 'code.length > 4 * MAX_UNITS'],
      ['media/chat/highlighter.ts', 'if (end < start) return true;', 'if (end < start) return false;'],
    ],
  },
  {
    name: "a model file's header",
    tests: ['test/sidecar/models/gguf/byteReader.test.ts', 'test/sidecar/models/gguf.test.ts'],
    mutations: [
      [header, 'count * leastBytes > this.reader.remainingBytes', 'count > this.reader.remainingBytes'],
      [header, 'length * elementBytes > this.reader.remainingBytes', 'length > this.reader.remainingBytes'],
      [header, 'if (length > limitBytes)', 'if (length > 100 * limitBytes)'],
      [header, 'dimensions < 1 || dimensions > MAX_DIMENSIONS', 'dimensions < 1 || dimensions > 2 * MAX_DIMENSIONS'],
      [header, '|| !Number.isSafeInteger(elements)', ''],
      [header, 'if (shape[0]! % type.blockElements !== 0) {', 'if (false) {'],
      [header, 'if (offsetBytes % alignmentBytes !== 0)', 'if (false)'],
      [
        header,
        'before.offsetBytes + before.sizeBytes > tensor.offsetBytes',
        'before.offsetBytes === tensor.offsetBytes',
      ],
      [header, 'expectedBytes > this.reader.fileSizeBytes', 'end > this.reader.fileSizeBytes'],
      [
        header,
        'Math.ceil(this.reader.offset / alignmentBytes) * alignmentBytes',
        'Math.floor(this.reader.offset / alignmentBytes) * alignmentBytes',
      ],
      [header, '(alignment & (alignment - 1)) !== 0', 'false'],
      [byteReader, 'advance(4, this.#buffer.readUInt32LE', 'advance(4, this.#buffer.readInt32LE'],
      [byteReader, 'if (bytesRead === 0)', 'if (bytesRead < 0)'],
      [
        validate,
        'value !== 0xffffffff && (value < 0 || value >= tokens)',
        'value !== 0xffffffff && (value < 0 || value > tokens)',
      ],
      [validate, 'rows !== undefined && rows !== tokens', 'rows !== undefined && rows < tokens'],
      [validate, 'count % keyValueCount !== 0', 'count < keyValueCount'],
      [validate, 'if (missing.length > 0)', 'if (missing.length > 1)'],
      [validate, 'return part < 1 || part > parts ? undefined', 'return part < 1 ? undefined'],
    ],
  },
  {
    name: 'the model of a kept context',
    tests: ['test/sidecar/models/gguf/fingerprint.test.ts'],
    mutations: [
      ['sidecar/models/gguf/fingerprint.ts', 'hash.update(ignoresTimes ? `${size}\\n` : `${size} ${mtimeMs}\\n`);', ''],
      ['sidecar/models/gguf/fingerprint.ts', 'await read(0, header.dataOffsetBytes);', ''],
      ['sidecar/models/gguf/fingerprint.ts', '/ (SAMPLES - 1)', '/ SAMPLES'],
      [
        'sidecar/models/gguf/fingerprint.ts',
        'header.dataOffsetBytes + offsetBytes + Math.floor',
        'offsetBytes + Math.floor',
      ],
    ],
  },
  {
    name: 'contexts on disk',
    tests: ['test/sidecar/keptContexts/contextStore.test.ts'],
    mutations: [
      [contextStore, 'const DISK_SHARE = 0.1;', 'const DISK_SHARE = 0.2;'],
      [contextStore, 'status.size > chunkFileBytes(rowsBytes)', 'status.size > 2 ** 40'],
      [contextStore, 'const STALE_MS = 60_000;', 'const STALE_MS = 0;'],
      [contextStore, 'new Date(now - index)', 'new Date(now)'],
      [contextStore, 'if (reason !== this.#lastReason) this.log', 'this.log'],
      [
        contextStore,
        'Math.floor((limit - ownBytes) / chunkFileBytes(rowsBytes))',
        'Math.ceil((limit - ownBytes) / chunkFileBytes(rowsBytes))',
      ],
      [contextStore, 'Number(own.has(a.path)) - Number(own.has(b.path)) || ', ''],
      [chunkFile, 'if (!head.subarray(24, 56).equals(expected.subarray(24, 56)))', 'if (false)'],
      [chunkFile, 'if (!(await digest(file.subarray(0, end))).equals(file.subarray(end)))', 'if (false)'],
      [
        chunkFile,
        'await digest(file.subarray(0, end)), end);\n  return',
        'await digest(file.subarray(HEAD_BYTES, end)), end);\n  return',
      ],
      [chunkFile, 'if (head.readUInt32LE(8) !== FORMAT_VERSION)', 'if (head.readUInt32LE(8) > FORMAT_VERSION + 1)'],
      [chunkNames, '.update(before)', ''],
      [chunkNames, 'Uint32Array.from(tokens', 'Uint16Array.from(tokens'],
      [chunkNames, '${CHUNK_TOKENS}\\n${key}`', '${CHUNK_TOKENS}`'],
      [chunkNames, 'start + CHUNK_TOKENS <= tokens.length', 'start < tokens.length'],
    ],
  },
  {
    name: 'keeping and restoring contexts',
    tests: [
      'test/sidecar/engine/contextKeeper.test.ts',
      'test/sidecar/engine/copyRows.test.ts',
      'test/sidecar/common/commonPrefix.test.ts',
    ],
    mutations: [
      [contextKeeper, 'if (!set || isForgotten || this.#isStopped', 'if (!set || this.#isStopped'],
      [contextKeeper, 'if (sequence.length > limit) await turn(() => sequence.truncate(limit));', ''],
      [
        contextKeeper,
        'rows.append(tokens.slice(start, start + CHUNK_TOKENS), chunk);',
        'rows.append(tokens.slice(0, CHUNK_TOKENS), chunk);',
      ],
      [contextKeeper, '!rows.holds(tokens, start + CHUNK_TOKENS)', '!rows.holds(tokens, start)'],
      [contextKeeper, 'if (!chunk) break;', 'if (!chunk) continue;'],
      [contextKeeper, '(name === undefined || set.name === name)', 'name === undefined'],
      [contextKeeper, 'for (const { abort } of jobs) abort.abort();\n    await', 'await'],
      [contextKeeper, 'set?.folder === folder && ', ''],
      [copyRows, 'rows.key !== from.key', 'rows.key === undefined'],
      [copyRows, 'tokens.length - rows.evaluatedTokens,', 'tokens.length,'],
      [copyRows, '    rows.capacity,\n', ''],
      [copyRows, 'const end = limit - (limit % rows.stretch);', 'const end = limit;'],
      [copyRows, 'if (!from.holds(tokens, start + count)) return false;', ''],
      [
        'sidecar/common/commonPrefix.ts',
        'while (length < most && one[length] === other[length]) length++;',
        'while (length < most - 1 && one[length] === other[length]) length++;',
      ],
      [
        'sidecar/common/commonPrefix.ts',
        'Math.min(before.length, after.length) - start;',
        'Math.min(before.length, after.length);',
      ],
    ],
  },
  {
    name: 'turns of the scheduler',
    tests: [
      'test/sidecar/engine/generation.test.ts',
      'test/sidecar/engine/turns.test.ts',
      'test/sidecar/engine/sequenceTable.test.ts',
      'test/sidecar/engine/chunkSizer.test.ts',
      'test/sidecar/common/childProcess/backOff.test.ts',
    ],
    mutations: [
      [checkRequest, 'token >= vocabulary.size', 'token > vocabulary.size'],
      [checkRequest, 'token < 0 ||', ''],
      [checkRequest, 'contextSizeTokens - 1;', 'contextSizeTokens;'],
      [generation, 'const SHORT_STEPS = 8;', 'const SHORT_STEPS = 7;'],
      [generation, 'const SHORT_STEPS = 8;', 'const SHORT_STEPS = 9;'],
      [generation, 'shortSteps = SHORT_STEPS;\n        continue;', 'shortSteps = SHORT_STEPS;'],
      [
        generation,
        'if (this.#generatedCount >= this.request.maxTokens) return',
        'if (this.#generatedCount > this.request.maxTokens) return',
      ],
      [
        generation,
        'sequence.length + 1 >= backend.contextSizeTokens || sequence.room < 2',
        'sequence.length + 1 > backend.contextSizeTokens',
      ],
      [
        chunkSizer,
        'const prior = priorBase * this.options.priorSlope;',
        'const prior = meanCost * this.options.priorSlope;',
      ],
      [chunkSizer, 'Math.min(4 * prior, Math.max(prior / 4,', 'Math.min(8 * prior, Math.max(prior / 4,'],
      [chunkSizer, 'Math.max(prior / 4, spread', 'Math.max(0, spread'],
      [chunkSizer, 'variance + 256 * 256', 'variance + 512 * 512'],
      [chunkSizer, 'meanCost / 16', 'meanCost / 32'],
      [chunkSizer, 'const FORGETTING = 0.8;', 'const FORGETTING = 0.7;'],
      [chunkSizer, 'depth + tokens / 2', 'depth'],
      [
        'sidecar/engine/sequenceTable.ts',
        "return priority === 'completion' || this.#slots.length === 1 ? 1 : 2;",
        'return 1;',
      ],
      ['sidecar/engine/sequenceTable.ts', 'isWarm = slot.name === name', 'isWarm = slot.lastUsed > 0'],
      ['sidecar/common/childProcess/backOff.ts', '1_000 * 2 ** (failures - 2)', '1_000 * 2 ** (failures - 1)'],
    ],
  },
  {
    name: 'the choice of the next token',
    tests: [
      'test/sidecar/models/decoding/sampler.test.ts',
      'test/sidecar/models/decoding/outputStart.test.ts',
      'test/sidecar/engine/textStream.test.ts',
      'test/sidecar/models/decoding/drafting.test.ts',
      'test/sidecar/models/decoding/ngramIndex.test.ts',
      'test/sidecar/models/decoding/endingIndex.test.ts',
    ],
    mutations: [
      [sampler, 'const PENALISED_TOKENS = 64;', 'const PENALISED_TOKENS = 63;'],
      [sampler, 'const PENALISED_TOKENS = 64;', 'const PENALISED_TOKENS = 65;'],
      [sampler, 'logit > 0 ? logit / factor : logit * factor', 'logit / factor'],
      [sampler, 'new Set(recent.slice(-PENALISED_TOKENS))', 'recent.slice(-PENALISED_TOKENS)'],
      [sampler, 'if (logit > most) {', 'if (logit >= most) {'],
      [
        'sidecar/models/decoding/tokenIndex.ts',
        'for (let length = 1; length < wanted.length; length++)',
        'for (let length = 1; length < wanted.length - 1; length++)',
      ],
      ['sidecar/engine/textStream.ts', 'start < first.start', 'start > first.start'],
      [
        'sidecar/engine/textStream.ts',
        'Math.min(stop.length - 1, text.length)',
        'Math.min(stop.length - 2, text.length)',
      ],
      ['sidecar/engine/textStream.ts', '{ ignoreBOM: true }', '{}'],
      ['sidecar/models/decoding/ngramIndex.ts', 'if (tokens[end + 1] === TEXT_END) continue;', ''],
      ['sidecar/models/decoding/ngramIndex.ts', 'seen < MAX_CANDIDATES', 'true'],
      ['sidecar/models/decoding/endingIndex.ts', 'position: end + 1, length };', 'position: end, length };'],
      [
        'sidecar/models/decoding/drafting.ts',
        'this.#source.position + accepted + 1',
        'this.#source.position + accepted',
      ],
    ],
  },
  {
    name: 'answers from the cache of completions',
    tests: ['test/sidecar/completion/completionCache.test.ts'],
    mutations: [
      [completionCache, 'one.clientKey === other.clientKey && one.uri', 'one.uri'],
      [completionCache, ' && one.uri === other.uri && ', ' && '],
      [completionCache, ' && one.settings === other.settings;', ';'],
      [completionCache, 'return farDigest(key, { typed, overtype }) === entry.farDigest;', 'return true;'],
      [completionCache, 'key.before.length - typed !== entry.beforeTail.length', 'false'],
      [completionCache, "far.join('\\0')", "far[0] ?? ''"],
      [completionCache, 'max: capacity', 'max: 2 * capacity'],
      [
        completionCache,
        'head.length < CONTEXT_UNITS ? head === after : after.startsWith(head)',
        'after.startsWith(head)',
      ],
      [completionCache, 'JSON.stringify(telling)', 'JSON.stringify([settings])'],
      [completionCache, 'if (entry.clientKey === clientKey)', "if (entry.clientKey === '')"],
    ],
  },
  {
    name: 'documents of clients',
    tests: ['test/sidecar/front/documents.test.ts', 'test/sidecar/front/lifetime.test.ts'],
    mutations: [
      [
        'sidecar/front/documents.ts',
        'if (item.text.length > MAX_DOCUMENT_UNITS) {',
        'if (item.text.length > 2 * MAX_DOCUMENT_UNITS) {',
      ],
      [
        'sidecar/front/documents.ts',
        'document.getText().length <= MAX_FOLLOWED_UNITS ? document : undefined',
        'document',
      ],
      ['sidecar/front/documents.ts', 'this.close(item.uri);', ''],
      ['sidecar/front/lifetime.ts', 'clearTimeout(this.#timer);\n    if (count === 0)', 'if (count === 0)'],
    ],
  },
  {
    name: 'downloads',
    tests: [
      'test/sidecar/shelf/download/downloadModel.test.ts',
      'test/sidecar/shelf/download/partialFile.test.ts',
      'test/sidecar/shelf/download/remoteFile.test.ts',
      'test/sidecar/shelf/download/transfer.test.ts',
      'test/sidecar/common/http/httpClient.test.ts',
      'test/sidecar/common/http/loopback.test.ts',
    ],
    mutations: [
      [remoteFile, 'end === totalBytes - 1 && offset <= end', 'offset <= end'],
      [remoteFile, "etag.startsWith('\"') ? etag : undefined", 'etag'],
      [remoteFile, "(headers.get('content-encoding') ?? 'identity') === 'identity'", 'true'],
      [transfer, 'remote.offset !== (response.status === 206 ? partial.receivedBytes : 0)', 'remote.offset < 0'],
      [transfer, 'if (response.status === 206 && isOther(remote, partial)) {', 'if (false) {'],
      [transfer, 'if (partial.receivedBytes + chunk.length > mostBytes)', 'if (partial.receivedBytes > 2 * mostBytes)'],
      [transfer, 'totalBytes !== undefined && partial.receivedBytes < totalBytes', 'false'],
      [transfer, 'sha256 !== undefined && sha256 !== expected.sha256', 'false'],
      [transfer, ': totalBytes !== expected.sizeBytes;', ': false;'],
      [transfer, '|| state.url !== url) return {};', ') return {};'],
      [partialFile, 'state.totalBytes === undefined || size <= state.totalBytes', 'true'],
      [partialFile, 'O_RDWR | O_NOFOLLOW', 'O_RDWR'],
      [partialFile, "open(file, 'wx', 0o600)", "open(file, 'wx')"],
      [downloadModel, 'for (const partial of partials.reverse()) {', 'for (const partial of partials) {'],
      [downloadModel, 'if (targetPath === firstPath) validateModel(header);', ''],
      [downloadModel, 'await requireRoom(folder, files);', ''],
      [httpClient, 'if (!isAllowedUrl(next))', 'if (!isAllowedUrl(url))'],
      [httpClient, 'if (!startsHere && reachesThisMachine(new URL(next).hostname))', 'if (false)'],
      [httpClient, 'redirects <= MAX_REDIRECTS', 'redirects <= 10 * MAX_REDIRECTS'],
      ['sidecar/common/http/allowedUrl.ts', "url.username !== '' || url.password !== ''", "url.username !== ''"],
      [
        'sidecar/common/http/allowedUrl.ts',
        "(url.protocol === 'http:' && isThisMachine(url.hostname))",
        "url.protocol === 'http:'",
      ],
    ],
  },
  {
    name: 'removed models',
    tests: ['test/sidecar/shelf/removeModel.test.ts'],
    mutations: [
      ['sidecar/shelf/removeModel.ts', 'isPathInside(each.path, modelsFolder)', 'true'],
      ['sidecar/shelf/removeModel.ts', 'each.path === wanted', 'each.path.endsWith(path.basename(wanted))'],
      ['sidecar/shelf/removeModel.ts', '(await realPathOf(chosenPath)) !== realFile', 'chosenPath !== file'],
      ['sidecar/common/findFiles.ts', "relative.split(path.sep)[0] !== '..'", 'true'],
    ],
  },
];

/** Every mutation with the tests that should notice it. */
export const mutations: readonly (Mutation & { readonly group: string; readonly tests: readonly string[] })[] =
  groups.flatMap(({ name, tests, mutations: lines }) =>
    lines.map(([file, find, replacement]) => ({ group: name, tests, file, find, replacement })),
  );
