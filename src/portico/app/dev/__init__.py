"""`portico dev FOLDER`: an OpenAPI document and its functions, on a server of their own, deployed again on each save.

    FOLDER/openapi.yaml (or .yml, .json)      with x-amazon-apigateway-integration, naming functions by their ARNs
    FOLDER/stage.toml                         optional: [variables] of the stage
    FOLDER/functions/NAME/                    app.py, index.mjs, index.js, index.cjs or bootstrap
    FOLDER/functions/NAME/function.toml       optional: what is not as usual

It is a client of its server: everything goes through the AWS API. `project` and `document` read what the folder says,
`packages`, `package` and `syntax` make code of it, `deployer` brings the server to it, `watch` tells when, `session` is
all of it together. What is wrong is a Problem; what served before goes on serving.
"""
