// Drives box-node-sdk 10, the generated SDK for Node.js, by the driver protocol (docs/driver-protocol.md).
'use strict';

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const util = require('util');

const { BoxClient, BoxDeveloperTokenAuth, BoxOAuth, OAuthConfig } = require('box-node-sdk');
const { InMemoryTokenStorage } = require('box-node-sdk/box');
const { BaseUrls, BoxRetryStrategy, NetworkSession } = require('box-node-sdk/networking');

const PENDING = Symbol('pending');
const LONGEST_TEXT = 65536; // characters of error.text, as the protocol bounds it

// The package exports no package.json, so that of the folder is read.
function installedVersion() {
  const description = path.join(path.dirname(require.resolve('box-node-sdk')), '..', 'package.json');
  return JSON.parse(fs.readFileSync(description, 'utf8')).version;
}

const HELLO = {
  type: 'hello',
  protocol: 1,
  sdk: {
    name: 'box-node-sdk',
    version: installedVersion(),
    language: 'typescript',
    runtime: `Node.js ${process.versions.node}`,
  },
  calls: {
    upload: ['declared_size', 'refresh', 'patience'],
    commit: ['new_version', 'if_match', 'if_none_match', 'refresh', 'patience'],
  },
};

// A client set up as the documentation of the SDK has it, but for the hosts. The SDK adds the version of the API itself.
function clientFor(scenario) {
  const { refresh, patience } = scenario;
  let auth = new BoxDeveloperTokenAuth({ token: scenario.token });
  if (refresh) {
    const tokenStorage = new InMemoryTokenStorage({
      token: { accessToken: scenario.token, refreshToken: refresh.refresh_token },
    });
    auth = new BoxOAuth({
      config: new OAuthConfig({ clientId: refresh.client_id, clientSecret: refresh.client_secret, tokenStorage }),
    });
  }
  const settings = { auth };
  if (patience) {
    const retryStrategy = new BoxRetryStrategy({ maxAttempts: patience.attempts });
    settings.networkSession = new NetworkSession({ retryStrategy });
  }
  return new BoxClient(settings).withCustomBaseUrls(
    new BaseUrls({
      baseUrl: scenario.base_url.replace(/\/2\.0$/, ''),
      uploadUrl: scenario.upload_url.replace(/\/2\.0$/, ''),
      oauth2Url: `${scenario.origin}/oauth2`,
    }),
  );
}

function upload(scenario, client) {
  const stream = fs.createReadStream(scenario.file.path);
  return client.chunkedUploads.uploadBigFile(stream, scenario.name, scenario.file.size, scenario.folder_id);
}

async function commit(scenario, client, changed) {
  const parts = scenario.parts.map((part) => ({
    partId: part.part_id,
    offset: part.offset,
    size: part.size,
    sha1: part.sha1,
  }));
  const before = structuredClone(parts);
  const headers = { digest: scenario.file.digest };
  if (scenario.if_match !== null) {
    headers.ifMatch = scenario.if_match;
  }
  if (scenario.if_none_match !== null) {
    headers.ifNoneMatch = scenario.if_none_match;
  }
  try {
    const files = await client.chunkedUploads.createFileUploadSessionCommitByUrl(
      scenario.session.session_endpoints.commit,
      { parts },
      headers,
    );
    // The method returns undefined after a 202 and only then, and its documentation says so.
    return files === undefined ? PENDING : files.entries && files.entries[0];
  } finally {
    if (!util.isDeepStrictEqual(parts, before)) {
      changed.push('parts');
    }
  }
}

// What a caller can read off the error.
function told(error) {
  const response = error.responseInfo || {};
  const context = response.contextInfo;
  return {
    class: error.name,
    message: String(error.message),
    status: response.statusCode ?? null,
    code: response.code ?? null,
    request_id: response.requestId ?? null,
    context_info: context && typeof context === 'object' && !Array.isArray(context) ? context : null,
    retry_after: (response.headers || {})['retry-after'] ?? null,
    text: util.inspect(error).slice(0, LONGEST_TEXT),
  };
}

async function result(scenario) {
  const changed = [];
  const answer = { type: 'result', id: scenario.id, changed_arguments: changed };
  let file;
  try {
    const client = clientFor(scenario);
    file = await (scenario.call === 'upload' ? upload : commit)(scenario, client, changed);
  } catch (error) {
    return { ...answer, outcome: 'error', error: told(error) };
  }
  if (file === PENDING) {
    return { ...answer, outcome: 'pending' };
  }
  if (!file) {
    return { ...answer, outcome: 'nothing' };
  }
  const { id = null, name = null, size = null, sha1 = null, etag = null } = file;
  return { ...answer, outcome: 'file', file: { id, name, size, sha1, etag } };
}

async function main() {
  const write = process.stdout.write.bind(process.stdout);
  // Whatever else is printed goes to standard error.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  write(`${JSON.stringify(HELLO)}\n`);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    write(`${JSON.stringify(await result(JSON.parse(line)))}\n`);
  }
}

main().then(() => process.exit(0));
