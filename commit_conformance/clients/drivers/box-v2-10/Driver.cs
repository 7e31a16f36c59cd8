// Drives Box.Sdk.Gen of Box.V2 10, the generated .NET SDK, by the driver protocol (docs/driver-protocol.md).
//
// Written after the SDK's published source and documentation. It was never compiled and never run.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Box.Sdk.Gen;
using Box.Sdk.Gen.Managers;
using Box.Sdk.Gen.Schemas;

public static class Driver
{
    // Characters of error.text, as the protocol bounds it.
    private const int LongestText = 65536;

    private static readonly FileFull Pending = new FileFull(id: "pending");

    private static JsonObject Hello()
    {
        var version = typeof(BoxClient).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        return new JsonObject
        {
            ["type"] = "hello",
            ["protocol"] = 1,
            ["sdk"] = new JsonObject
            {
                ["name"] = "Box.V2",
                ["version"] = version?.InformationalVersion.Split('+')[0] ?? "unknown",
                ["language"] = "csharp",
                ["runtime"] = RuntimeInformation.FrameworkDescription,
            },
            ["calls"] = new JsonObject
            {
                ["upload"] = new JsonArray("declared_size", "refresh", "patience"),
                ["commit"] = new JsonArray("new_version", "if_match", "if_none_match", "refresh", "patience"),
            },
            ["note"] = "nobody has run this driver yet: look at what it says with care",
        };
    }

    // A client set up as the documentation of the SDK has it, but for the hosts.
    private static BoxClient ClientFor(JsonElement scenario)
    {
        var token = scenario.GetProperty("token").GetString()!;
        IAuthentication auth = new BoxDeveloperTokenAuth(token: token);
        var refresh = scenario.GetProperty("refresh");
        if (refresh.ValueKind != JsonValueKind.Null)
        {
            var tokens = new AccessToken
            {
                AccessTokenField = token,
                RefreshToken = refresh.GetProperty("refresh_token").GetString(),
            };
            auth = new BoxOAuth(config: new OAuthConfig(
                clientId: refresh.GetProperty("client_id").GetString()!,
                clientSecret: refresh.GetProperty("client_secret").GetString()!,
                tokenStorage: new InMemoryTokenStorage(tokens)));
        }
        // The SDK adds the version of the API itself.
        var urls = new BaseUrls(
            baseUrl: WithoutVersion(scenario.GetProperty("base_url").GetString()!),
            uploadUrl: WithoutVersion(scenario.GetProperty("upload_url").GetString()!),
            oauth2Url: scenario.GetProperty("origin").GetString() + "/oauth2");
        var patience = scenario.GetProperty("patience");
        var session = patience.ValueKind == JsonValueKind.Null
            ? new NetworkSession(baseUrls: urls)
            : new NetworkSession(baseUrls: urls) { RetryAttempts = patience.GetProperty("attempts").GetInt32() };
        return new BoxClient(auth: auth, networkSession: session);
    }

    private static string WithoutVersion(string url) => url.EndsWith("/2.0") ? url[..^"/2.0".Length] : url;

    private static async Task<FileFull?> Upload(JsonElement scenario, BoxClient client)
    {
        var file = scenario.GetProperty("file");
        using var stream = System.IO.File.OpenRead(file.GetProperty("path").GetString()!);
        return await client.ChunkedUploads.UploadBigFileAsync(
            file: stream,
            fileName: scenario.GetProperty("name").GetString()!,
            fileSize: file.GetProperty("size").GetInt64(),
            parentFolderId: scenario.GetProperty("folder_id").GetString()!);
    }

    private static async Task<FileFull?> Commit(JsonElement scenario, BoxClient client)
    {
        var parts = scenario.GetProperty("parts").EnumerateArray().Select(part => new UploadPart
        {
            PartId = part.GetProperty("part_id").GetString(),
            Offset = part.GetProperty("offset").GetInt64(),
            Size = part.GetProperty("size").GetInt64(),
            Sha1 = part.GetProperty("sha1").GetString(),
        }).ToList();
        var endpoints = scenario.GetProperty("session").GetProperty("session_endpoints");
        var files = await client.ChunkedUploads.CreateFileUploadSessionCommitByUrlAsync(
            url: endpoints.GetProperty("commit").GetString()!,
            requestBody: new CreateFileUploadSessionCommitByUrlRequestBody(parts: parts),
            headers: new CreateFileUploadSessionCommitByUrlHeaders(
                digest: scenario.GetProperty("file").GetProperty("digest").GetString()!)
            {
                IfMatch = scenario.GetProperty("if_match").GetString(),
                IfNoneMatch = scenario.GetProperty("if_none_match").GetString(),
            });
        // The method returns null after a 202 and only then, and its documentation says so.
        return files == null ? Pending : files.Entries?.FirstOrDefault();
    }

    // What a caller can read off the exception, or off one inside it.
    private static JsonObject Told(Exception thrown)
    {
        var text = thrown.ToString();
        var error = new JsonObject
        {
            ["class"] = thrown.GetType().Name,
            ["message"] = thrown.Message,
            ["text"] = text.Length > LongestText ? text[..LongestText] : text,
        };
        for (Exception? cause = thrown; cause != null; cause = cause.InnerException)
        {
            if (cause is BoxApiException answered)
            {
                var answer = answered.ResponseInfo;
                error["status"] = answer.StatusCode;
                error["code"] = answer.Code;
                error["request_id"] = answer.RequestId;
                error["context_info"] = JsonSerializer.SerializeToNode(answer.ContextInfo);
                error["retry_after"] = answer.Headers
                    .Where(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase))
                    .Select(header => header.Value)
                    .FirstOrDefault();
                break;
            }
        }
        return error;
    }

    private static async Task<JsonObject> Result(JsonElement scenario)
    {
        var answer = new JsonObject { ["type"] = "result", ["id"] = scenario.GetProperty("id").GetString() };
        FileFull? file;
        try
        {
            var client = ClientFor(scenario);
            file = scenario.GetProperty("call").GetString() == "upload"
                ? await Upload(scenario, client)
                : await Commit(scenario, client);
        }
        catch (Exception thrown)
        {
            answer["outcome"] = "error";
            answer["error"] = Told(thrown);
            return answer;
        }
        if (ReferenceEquals(file, Pending))
        {
            answer["outcome"] = "pending";
            return answer;
        }
        if (file == null)
        {
            answer["outcome"] = "nothing";
            return answer;
        }
        answer["outcome"] = "file";
        answer["file"] = new JsonObject
        {
            ["id"] = file.Id,
            ["name"] = file.Name,
            ["size"] = file.Size,
            ["sha1"] = file.Sha1,
            ["etag"] = file.Etag,
        };
        return answer;
    }

    public static async System.Threading.Tasks.Task Main()
    {
        using var messages = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true, NewLine = "\n" };
        // Whatever else is printed goes to standard error.
        Console.SetOut(Console.Error);
        messages.WriteLine(Hello().ToJsonString());
        while (await Console.In.ReadLineAsync() is { } line)
        {
            using var scenario = JsonDocument.Parse(line);
            messages.WriteLine((await Result(scenario.RootElement)).ToJsonString());
        }
    }
}
