"use strict";
/* Runs a Node.js function: the runtime client of `nodejsX.x`, started inside the confined process.

   It speaks the Lambda Runtime API (2018-06-01) and behaves as AWS's own client does, which is a native addon that would
   have to be compiled: how a handler is found and called, when an answer leaves, errors and their names, log lines,
   response streaming. Written in CommonJS because ES modules take 4 ms longer to start; handlers may be either. */

const { RuntimeApi } = require("./runtime_api.cjs");
const { UnhandledPromiseRejection } = require("./errors.cjs");
const { Context } = require("./context.cjs");
const { loadHandler, isStreaming } = require("./user_function.cjs");
const logging = require("./logging.cjs");

/* Exit statuses of AWS's client. */
const OF_REJECTION = 128;
const OF_EXCEPTION = 129;

const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API, process.env._RUNTIME_API_DESCRIPTOR);
delete process.env._RUNTIME_API_DESCRIPTOR;

/* Who is told of an error that nobody caught. */
let report = (error) => api.initError(error);
/* What happens when the event loop is empty and the invocation is not answered. */
let onIdle = null;

function die(title, error, status) {
  logging.logError(title, error);
  report(error).finally(() => process.exit(status));
}

process.on("uncaughtException", (error) => die("Uncaught Exception", error, OF_EXCEPTION));
process.on("unhandledRejection", (reason) => {
  die("Unhandled Promise Rejection", new UnhandledPromiseRejection(reason), OF_REJECTION);
});
process.on("beforeExit", () => {
  const idle = onIdle;
  onIdle = null;
  if (idle) idle();
});

/* The handler's value. An answer given to `callback` leaves when the event loop is empty, unless the context says
   otherwise; a promise's at once; and an invocation that nobody answers before the loop is empty is answered null. */
function valueOf(handler, event, context) {
  return new Promise((resolve, reject) => {
    onIdle = () => resolve(null);
    const done = (error, value) => {
      if (error !== undefined && error !== null) reject(error);
      else resolve(value);
    };
    context.succeed = (value) => done(null, value);
    context.fail = (error) => done(error ?? "handled");
    context.done = done;
    const callback = (error, value) => {
      if ((error !== undefined && error !== null) || !context.callbackWaitsForEmptyEventLoop) done(error, value);
      else onIdle = () => done(null, value);
    };
    const result = handler(event, context, callback);
    if (typeof result?.then === "function") result.then(resolve, reject);
  });
}

function json(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

async function answer(handler, event, context) {
  const text = json(await valueOf(handler, event, context));
  return api.answer(context.awsRequestId, text);
}

async function stream(handler, event, context) {
  const { ResponseStream } = require("./response_stream.cjs");
  const response = new ResponseStream(api, context.awsRequestId, handler);
  const whole = report;
  report = (error) => (response.begun ? response.breakOff(error) : whole(error));
  try {
    await new Promise((resolve, reject) => {
      onIdle = resolve;
      response.on("error", reject);
      Promise.resolve(handler(event, response, context)).then(resolve, reject);
    });
    await response.finished();
  } catch (error) {
    if (!response.begun) throw error;
    logging.logError("Invoke Error", error);
    await response.breakOff(error);
  }
}

async function invoke(handler, { headers, body }) {
  const context = new Context(headers);
  const requestId = context.awsRequestId;
  report = (error) => api.error(requestId, error, true);
  logging.setRequestId(requestId);
  setTraceId(headers["lambda-runtime-trace-id"]);
  try {
    await (isStreaming(handler) ? stream : answer)(handler, JSON.parse(body.toString()), context);
  } catch (error) {
    logging.logError("Invoke Error", error);
    await api.error(requestId, error);
  } finally {
    onIdle = null;
  }
}

function setTraceId(traceId) {
  if (traceId) process.env._X_AMZN_TRACE_ID = traceId;
  else delete process.env._X_AMZN_TRACE_ID;
}

async function main() {
  logging.patchConsole();
  Object.defineProperty(globalThis, "awslambda", { value: require("./awslambda.cjs"), configurable: true });
  let handler;
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  } catch (error) {
    die("Uncaught Exception", error, OF_EXCEPTION);
    return;
  }
  for (;;) await invoke(handler, await api.next());
}

main();
