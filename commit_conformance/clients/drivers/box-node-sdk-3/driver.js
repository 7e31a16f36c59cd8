// Drives box-node-sdk 3, the legacy SDK for Node.js, by the driver protocol (docs/driver-protocol.md).
'use strict';

const fs = require('fs');
const http = require('http');
const path = require('path');
const readline = require('readline');
const util = require('util');

const BoxSDK = require('box-node-sdk');

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
    language: 'javascript',
    runtime: `Node.js ${process.versions.node}`,
  },
  calls: {
    upload: ['new_version', 'attributes', 'declared_size', 'refresh', 'patience'],
    commit: ['new_version', 'attributes', 'refresh', 'patience'],
    commit_listed: ['new_version', 'attributes', 'refresh', 'patience'],
  },
};

// A client set up as the documentation of the SDK has it, but for the hosts. The SDK adds the version of the API itself.
function clientFor(scenario) {
  const { refresh, patience } = scenario;
  const settings = {
    clientID: refresh ? refresh.client_id : 'client-id',
    clientSecret: refresh ? refresh.client_secret : 'client-secret',
    apiRootURL: scenario.base_url.replace(/\/2\.0$/, ''),
    uploadAPIRootURL: scenario.upload_url.replace(/\/2\.0$/, ''),
    // The agent that it comes with refuses plain HTTP.
    request: { agentClass: http.Agent },
  };
  if (patience) {
    settings.numMaxRetries = patience.attempts - 1;
  }
  const sdk = new BoxSDK(settings);
  if (!refresh) {
    return sdk.getBasicClient(scenario.token);
  }
  return sdk.getPersistentClient({
    accessToken: scenario.token,
    refreshToken: refresh.refresh_token,
    accessTokenTTLMS: 3600000,
    acquiredAtMS: Date.now(),
  });
}

// As in the SDK's own documentation: a promise, and no listeners.
function upload(scenario, client, changed) {
  const stream = fs.createReadStream(scenario.file.path);
  const options = scenario.attributes ? { fileAttributes: scenario.attributes } : undefined;
  const before = structuredClone(options);
  const uploader = scenario.file_id
    ? client.files.getNewVersionChunkedUploader(scenario.file_id, scenario.file.size, stream, options)
    : client.files.getChunkedUploader(scenario.folder_id, scenario.file.size, scenario.name, stream, options);
  return uploader
    .then((made) => made.start())
    .finally(() => {
      if (!util.isDeepStrictEqual(options, before)) {
        changed.push('attributes');
      }
    });
}

function commit(scenario, client, changed) {
  const options = { ...scenario.attributes };
  if (scenario.call === 'commit') {
    options.parts = scenario.parts;
  }
  const before = structuredClone(options);
  const hash = scenario.file.digest.slice('sha='.length);
  return client.files.commitUploadSession(scenario.session.id, hash, options).finally(() => {
    for (const name of Object.keys(before)) {
      if (!util.isDeepStrictEqual(options[name], before[name])) {
        changed.push(`options.${name}`);
      }
    }
  });
}

// What a caller can read off the error.
function told(error) {
  const response = error.response || {};
  const body = response.body && typeof response.body === 'object' ? response.body : {};
  const context = body.context_info;
  return {
    class: error.name,
    message: String(error.message),
    status: error.statusCode ?? null,
    code: body.code ?? null,
    request_id: body.request_id ?? null,
    context_info: context && typeof context === 'object' && !Array.isArray(context) ? context : null,
    retry_after: (response.headers || {})['retry-after'] ?? null,
    text: util.inspect(error).slice(0, LONGEST_TEXT),
  };
}

// An exception that the SDK threw outside of its promise. It would have ended the caller's process, who has nothing to
// read off it and no place to catch it.
function uncaught(error) {
  return {
    class: `uncaught exception ${error.code || error.name}`,
    message: String(error.message).slice(0, LONGEST_TEXT),
    status: null,
    code: null,
    request_id: null,
    context_info: null,
    retry_after: null,
    text: util.inspect(error).slice(0, LONGEST_TEXT),
  };
}

let endedBy = (error) => {
  process.stderr.write(`${util.inspect(error)}\n`);
  process.exit(1);
};
process.on('uncaughtException', (error) => endedBy(error));

async function result(scenario) {
  const changed = [];
  const answer = { type: 'result', id: scenario.id, changed_arguments: changed };
  const thrownOutside = new Promise((resolve) => {
    endedBy = (error) => resolve({ ...answer, outcome: 'error', error: uncaught(error) });
  });
  const called = (async () => {
    let files;
    try {
      const client = clientFor(scenario);
      files = await (scenario.call === 'upload' ? upload : commit)(scenario, client, changed);
    } catch (error) {
      return { ...answer, outcome: 'error', error: told(error) };
    }
    const file = files && files.entries ? files.entries[0] : undefined;
    if (!file) {
      return { ...answer, outcome: 'nothing' };
    }
    const { id = null, name = null, size = null, sha1 = null, etag = null } = file;
    return { ...answer, outcome: 'file', file: { id, name, size, sha1, etag } };
  })();
  return Promise.race([called, thrownOutside]);
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
