import com.box.sdkgen.box.developertokenauth.BoxDeveloperTokenAuth;
import com.box.sdkgen.box.errors.BoxAPIError;
import com.box.sdkgen.box.errors.ResponseInfo;
import com.box.sdkgen.box.oauth.BoxOAuth;
import com.box.sdkgen.box.oauth.OAuthConfig;
import com.box.sdkgen.box.tokenstorage.InMemoryTokenStorage;
import com.box.sdkgen.client.BoxClient;
import com.box.sdkgen.managers.chunkeduploads.CreateFileUploadSessionCommitByUrlHeaders;
import com.box.sdkgen.managers.chunkeduploads.CreateFileUploadSessionCommitByUrlRequestBody;
import com.box.sdkgen.networking.auth.Authentication;
import com.box.sdkgen.networking.baseurls.BaseUrls;
import com.box.sdkgen.networking.boxnetworkclient.BoxNetworkClient;
import com.box.sdkgen.networking.network.NetworkSession;
import com.box.sdkgen.networking.retries.BoxRetryStrategy;
import com.box.sdkgen.schemas.accesstoken.AccessToken;
import com.box.sdkgen.schemas.filefull.FileFull;
import com.box.sdkgen.schemas.uploadpart.UploadPart;
import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.ConnectionSpec;

/** Drives com.box.sdkgen, the generated Java SDK, by the driver protocol (docs/driver-protocol.md). */
public final class Driver {
    /** Characters of error.text, as the protocol bounds it. */
    private static final int LONGEST_TEXT = 65536;

    private static final FileFull PENDING = new FileFull("pending");

    private static JsonObject hello() {
        JsonObject calls = new JsonObject()
            .add("upload", names("declared_size", "refresh", "patience"))
            .add("commit", names("new_version", "if_match", "if_none_match", "refresh", "patience"));
        JsonObject sdk = new JsonObject()
            .add("name", "box-java-sdk")
            .add("version", installedVersion())
            .add("language", "java")
            .add("runtime", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        return new JsonObject().add("type", "hello").add("protocol", 1).add("sdk", sdk).add("calls", calls);
    }

    private static JsonArray names(String... names) {
        JsonArray array = new JsonArray();
        Arrays.asList(names).forEach(array::add);
        return array;
    }

    /** From the name of the archive. */
    private static String installedVersion() {
        String archive = BoxClient.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        Matcher found = Pattern.compile("/box-java-sdk-([^/]+)\\.jar$").matcher(archive);
        return found.find() ? found.group(1) : "unknown";
    }

    /** A client set up as the documentation of the SDK has it, but for the hosts, and for plain HTTP. */
    private static BoxClient clientFor(JsonObject scenario) {
        String token = scenario.get("token").asString();
        Authentication auth = new BoxDeveloperTokenAuth(token);
        if (!scenario.get("refresh").isNull()) {
            JsonObject refresh = scenario.get("refresh").asObject();
            AccessToken tokens = new AccessToken.Builder()
                .accessToken(token)
                .refreshToken(refresh.get("refresh_token").asString())
                .build();
            auth = new BoxOAuth(
                new OAuthConfig.Builder(
                        refresh.get("client_id").asString(), refresh.get("client_secret").asString())
                    .tokenStorage(new InMemoryTokenStorage(tokens))
                    .build());
        }
        BoxRetryStrategy strategy = scenario.get("patience").isNull()
            ? new BoxRetryStrategy()
            : new BoxRetryStrategy.Builder()
                .maxAttempts(scenario.get("patience").asObject().get("attempts").asInt())
                .build();
        // The SDK adds the version of the API itself.
        BaseUrls urls = new BaseUrls.Builder()
            .baseUrl(withoutVersion(scenario.get("base_url").asString()))
            .uploadUrl(withoutVersion(scenario.get("upload_url").asString()))
            .oauth2Url(scenario.get("origin").asString() + "/oauth2")
            .build();
        BoxNetworkClient network = new BoxNetworkClient(
            BoxNetworkClient.getDefaultOkHttpClientBuilder()
                .connectionSpecs(Arrays.asList(ConnectionSpec.MODERN_TLS, ConnectionSpec.CLEARTEXT))
                .build());
        NetworkSession session = new NetworkSession.Builder()
            .baseUrls(urls)
            .networkClient(network)
            .retryStrategy(strategy)
            .build();
        return new BoxClient.Builder(auth).networkSession(session).build();
    }

    private static String withoutVersion(String url) {
        return url.replaceFirst("/2\\.0$", "");
    }

    private static FileFull upload(JsonObject scenario, BoxClient client) throws Exception {
        JsonObject file = scenario.get("file").asObject();
        try (InputStream stream = Files.newInputStream(Path.of(file.get("path").asString()))) {
            return client.getChunkedUploads().uploadBigFile(
                stream,
                scenario.get("name").asString(),
                file.get("size").asLong(),
                scenario.get("folder_id").asString());
        }
    }

    private static FileFull commit(JsonObject scenario, BoxClient client, JsonArray changed) {
        List<UploadPart> parts = partsOf(scenario);
        CreateFileUploadSessionCommitByUrlHeaders headers =
            new CreateFileUploadSessionCommitByUrlHeaders.Builder(
                    scenario.get("file").asObject().get("digest").asString())
                .ifMatch(textOf(scenario.get("if_match")))
                .ifNoneMatch(textOf(scenario.get("if_none_match")))
                .build();
        JsonObject endpoints = scenario.get("session").asObject().get("session_endpoints").asObject();
        try {
            com.box.sdkgen.schemas.files.Files files =
                client.getChunkedUploads().createFileUploadSessionCommitByUrl(
                    endpoints.get("commit").asString(),
                    new CreateFileUploadSessionCommitByUrlRequestBody(parts),
                    headers);
            if (files == null) {
                // The method returns null after a 202 and only then, and its documentation says so.
                return PENDING;
            }
            boolean none = files.getEntries() == null || files.getEntries().isEmpty();
            return none ? null : files.getEntries().get(0);
        } finally {
            if (!parts.equals(partsOf(scenario))) {
                changed.add("parts");
            }
        }
    }

    private static List<UploadPart> partsOf(JsonObject scenario) {
        List<UploadPart> parts = new ArrayList<>();
        for (JsonValue value : scenario.get("parts").asArray()) {
            JsonObject part = value.asObject();
            UploadPart.Builder builder = new UploadPart.Builder();
            builder.partId(part.get("part_id").asString());
            builder.offset(part.get("offset").asLong());
            builder.size(part.get("size").asLong());
            builder.sha1(textOf(part.get("sha1")));
            parts.add(builder.build());
        }
        return parts;
    }

    private static String textOf(JsonValue value) {
        return value == null || value.isNull() ? null : value.asString();
    }

    /** What a caller can read off the exception, or off one that it names as its cause. */
    private static JsonObject told(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        JsonObject error = new JsonObject()
            .add("class", thrown.getClass().getSimpleName())
            .add("message", thrown.getMessage())
            .add("text", text.toString().substring(0, Math.min(text.getBuffer().length(), LONGEST_TEXT)));
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof BoxAPIError) {
                ResponseInfo answer = ((BoxAPIError) cause).getResponseInfo();
                error.add("status", answer.getStatusCode());
                error.add("code", answer.getCode());
                error.add("request_id", answer.getRequestId());
                boolean context = answer.getContextInfo() != null && answer.getContextInfo().isObject();
                error.add("context_info", context ? Json.parse(answer.getContextInfo().toString()) : Json.NULL);
                Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
                headers.putAll(answer.getHeaders());
                error.add("retry_after", headers.get("Retry-After"));
                break;
            }
        }
        return error;
    }

    private static JsonObject result(JsonObject scenario) {
        JsonArray changed = new JsonArray();
        JsonObject answer = new JsonObject().add("type", "result").add("id", scenario.get("id"));
        FileFull file;
        try {
            BoxClient client = clientFor(scenario);
            file = scenario.get("call").asString().equals("upload")
                ? upload(scenario, client)
                : commit(scenario, client, changed);
        } catch (Throwable thrown) {
            return answer.add("changed_arguments", changed).add("outcome", "error").add("error", told(thrown));
        }
        answer.add("changed_arguments", changed);
        if (file == PENDING) {
            return answer.add("outcome", "pending");
        }
        if (file == null) {
            return answer.add("outcome", "nothing");
        }
        JsonObject known = new JsonObject()
            .add("id", file.getId())
            .add("name", file.getName())
            .add("size", file.getSize() == null ? Json.NULL : Json.value(file.getSize()))
            .add("sha1", file.getSha1())
            .add("etag", file.getEtag());
        return answer.add("outcome", "file").add("file", known);
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream messages = new PrintStream(new FileOutputStream(FileDescriptor.out), true, "UTF-8");
        // Whatever else is printed goes to standard error.
        System.setOut(System.err);
        messages.println(hello());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            messages.println(result(Json.parse(line).asObject()));
        }
        // Threads of the SDK may be left over.
        System.exit(0);
    }

    private Driver() {
    }
}
