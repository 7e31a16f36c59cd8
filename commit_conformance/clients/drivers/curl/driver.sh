# Drives cURL by the driver protocol (docs/driver-protocol.md), with the command that the documentation of the endpoint
# shows: one POST, its answer to be read by a person. Needs jq to read and write the messages.
set -u

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

hello() {
    jq --null-input --compact-output --arg version "$(curl --version | sed -n '1s/^curl \([^ ]*\).*/\1/p')" \
        --arg runtime "bash $BASH_VERSION" '{
            type: "hello", protocol: 1,
            sdk: {name: "curl", version: $version, language: "shell", runtime: $runtime},
            calls: {commit: ["new_version", "attributes", "if_match", "if_none_match", "patience"]},
            note: "one request and no more: what is to follow is left to whoever reads its answer"
        }'
}

# member FILTER: a member of the scenario as text, empty for null.
member() {
    jq --raw-output "$1 // empty" <<<"$scenario"
}

# Sends the commit; leaves the answer in files, its status in $status and the exit code of cURL in $ended.
commit() {
    local arguments=(
        -X POST "$(member .session.session_endpoints.commit)"
        -H "authorization: Bearer $(member .token)"
        -H "digest: $(member .file.digest)"
        -H "content-type: application/json"
        -d "$(jq --compact-output '{parts} + if .attributes then {attributes} else {} end' <<<"$scenario")"
    )
    if [[ -n $(member .if_match) ]]; then
        arguments+=(-H "if-match: $(member .if_match)")
    fi
    if [[ -n $(member .if_none_match) ]]; then
        arguments+=(-H "if-none-match: $(member .if_none_match)")
    fi
    if [[ -n $(member .patience) ]]; then
        arguments+=(--retry "$(($(member .patience.attempts) - 1))" --retry-max-time "$(member '.patience.seconds | floor')")
    fi
    : >"$folder/body"
    # What -i would print together is kept apart: header fields, body and status.
    status=$(curl --silent --show-error --dump-header "$folder/headers" --output "$folder/body" \
        --write-out '%{http_code}' "${arguments[@]}" 2>"$folder/complaint")
    ended=$?
    cat "$folder/complaint" >&2
}

result() {
    local retry_after
    retry_after=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([^\r]*\).*/\1/p' "$folder/headers" | tail -n 1)
    jq --compact-output --arg status "$status" --arg ended "$ended" \
        --arg retry_after "$retry_after" --rawfile body "$folder/body" --rawfile complaint "$folder/complaint" '
        def known(name): . as $answer | try $answer[name] catch null;
        def text: if type == "string" then . else null end;
        ([$body | try fromjson catch null] | first) as $answer
        | (if $ended != "0" or $status[:1] != "2" then "error"
            elif $status == "202" then "pending"
            elif ($answer | try .entries[0].id catch null) != null then "file"
            else "nothing" end) as $outcome
        | {type: "result", id, outcome: $outcome, changed_arguments: []}
        + if $outcome == "file" then
            {file: ($answer.entries[0] | {
                id: (known("id") | text), name: (known("name") | text), size: known("size"),
                sha1: (known("sha1") | text), etag: (known("etag") | text)})}
          elif $outcome == "error" then
            {error: {
                class: (if $ended == "0" then "HTTP \($status)" else "curl exit code \($ended)" end),
                message: (if $ended == "0" then ($answer | known("message") | text) else $complaint end),
                status: (if $ended == "0" then ($status | tonumber) else null end),
                code: ($answer | known("code") | text),
                request_id: ($answer | known("request_id") | text),
                context_info: ($answer | known("context_info") | if type == "object" then . else null end),
                retry_after: (if $retry_after == "" then null else $retry_after end),
                text: ($complaint + $body)[:65536]}}
          else {} end' <<<"$scenario"
}

hello
while IFS= read -r scenario; do
    commit
    result
done
