"use strict";
/* What a handler gets as its second argument (its third where it streams). */

class Context {
  constructor(headers) {
    this.callbackWaitsForEmptyEventLoop = true;
    this.functionVersion = process.env.AWS_LAMBDA_FUNCTION_VERSION;
    this.functionName = process.env.AWS_LAMBDA_FUNCTION_NAME;
    this.memoryLimitInMB = process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
    this.logGroupName = process.env.AWS_LAMBDA_LOG_GROUP_NAME;
    this.logStreamName = process.env.AWS_LAMBDA_LOG_STREAM_NAME;
    this.clientContext = parsed(headers["lambda-runtime-client-context"]);
    this.identity = parsed(headers["lambda-runtime-cognito-identity"]);
    this.invokedFunctionArn = headers["lambda-runtime-invoked-function-arn"];
    this.awsRequestId = headers["lambda-runtime-aws-request-id"];
    const deadline = Number(headers["lambda-runtime-deadline-ms"]);
    this.getRemainingTimeInMillis = () => deadline - Date.now();
  }
}

function parsed(text) {
  return text ? JSON.parse(text) : undefined;
}

module.exports = { Context };
