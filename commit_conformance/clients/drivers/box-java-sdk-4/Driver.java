import com.box.sdk.BoxAPIConnection;
import com.box.sdk.BoxAPIException;
import com.box.sdk.BoxFile;
import com.box.sdk.BoxFileUploadSession;
import com.box.sdk.BoxFileUploadSessionPart;
import com.box.sdk.BoxFolder;
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
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.ConnectionSpec;
import okhttp3.OkHttpClient;

/** Drives box-java-sdk 4, the legacy Java SDK, by the driver protocol (docs/driver-protocol.md). */
public final class Driver {
    /** Characters of error.text, as the protocol bounds it. */
    private static final int LONGEST_TEXT = 65536;

    private static JsonObject hello() {
        JsonObject calls = new JsonObject()
            .add("upload", names("new_version", "attributes", "declared_size", "refresh", "patience"))
            .add("commit", names("new_version", "attributes", "if_match", "if_none_match", "refresh", "patience"));
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

    /** From the name of the archive: the SDK does not tell. */
    private static String installedVersion() {
        String archive = BoxFile.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        Matcher found = Pattern.compile("/box-java-sdk-([^/]+)\\.jar$").matcher(archive);
        return found.find() ? found.group(1) : "unknown";
    }

    /** A connection set up as the documentation of the SDK has it, but for the hosts, and for plain HTTP. */
    private static final class Connection extends BoxAPIConnection {
        Connection(String clientId, String clientSecret, String accessToken, String refreshToken) {
            super(clientId, clientSecret, accessToken, refreshToken);
        }

        @Override
        protected OkHttpClient.Builder modifyHttpClientBuilder(OkHttpClient.Builder builder) {
            return builder.connectionSpecs(Arrays.asList(ConnectionSpec.MODERN_TLS, ConnectionSpec.CLEARTEXT));
        }
    }

    private static BoxAPIConnection connectionFor(JsonObject scenario) {
        String token = scenario.get("token").asString();
        Connection api;
        if (scenario.get("refresh").isNull()) {
            api = new Connection(null, null, token, null);
        } else {
            JsonObject refresh = scenario.get("refresh").asObject();
            api = new Connection(
                refresh.get("client_id").asString(),
                refresh.get("client_secret").asString(),
                token,
                refresh.get("refresh_token").asString());
            // An access token that was got just now and is good for an hour, as far as its holder knows.
            api.setLastRefresh(System.currentTimeMillis());
            api.setExpires(3_600_000L);
        }
        // The SDK adds the version of the API itself.
        api.setBaseURL(withoutVersion(scenario.get("base_url").asString()));
        api.setBaseUploadURL(withoutVersion(scenario.get("upload_url").asString()));
        if (!scenario.get("patience").isNull()) {
            api.setMaxRetryAttempts(scenario.get("patience").asObject().get("attempts").asInt() - 1);
        }
        return api;
    }

    private static String withoutVersion(String url) {
        return url.replaceFirst("2\\.0$", "");
    }

    private static BoxFile.Info upload(JsonObject scenario, BoxAPIConnection api, JsonArray changed) throws Exception {
        JsonObject file = scenario.get("file").asObject();
        long size = file.get("size").asLong();
        Map<String, String> attributes = attributesOf(scenario);
        try (InputStream stream = Files.newInputStream(Path.of(file.get("path").asString()))) {
            if (scenario.get("file_id").isNull()) {
                BoxFolder folder = new BoxFolder(api, scenario.get("folder_id").asString());
                String name = scenario.get("name").asString();
                return attributes == null
                    ? folder.uploadLargeFile(stream, name, size)
                    : folder.uploadLargeFile(stream, name, size, attributes);
            }
            BoxFile known = new BoxFile(api, scenario.get("file_id").asString());
            return attributes == null
                ? known.uploadLargeFile(stream, size)
                : known.uploadLargeFile(stream, size, attributes);
        } finally {
            if (attributes != null && !attributes.equals(attributesOf(scenario))) {
                changed.add("attributes");
            }
        }
    }

    private static BoxFile.Info commit(JsonObject scenario, BoxAPIConnection api, JsonArray changed) throws Exception {
        // What createUploadSession and uploadPart give to their caller. Only they can make these, hence reflection.
        JsonObject described = scenario.get("session").asObject();
        BoxFileUploadSession session = made(
            BoxFileUploadSession.class,
            new Class<?>[] {BoxAPIConnection.class, String.class},
            api,
            described.get("id").asString());
        session.new Info(described.toString());
        List<BoxFileUploadSessionPart> parts = new ArrayList<>();
        for (JsonValue part : scenario.get("parts").asArray()) {
            parts.add(made(BoxFileUploadSessionPart.class, new Class<?>[] {JsonObject.class}, part.asObject()));
        }
        List<BoxFileUploadSessionPart> before = new ArrayList<>(parts);
        Map<String, String> attributes = attributesOf(scenario);
        try {
            return session.commit(
                scenario.get("file").asObject().get("digest").asString().substring("sha=".length()),
                parts,
                attributes,
                textOf(scenario.get("if_match")),
                textOf(scenario.get("if_none_match")));
        } finally {
            if (!parts.equals(before)) {
                changed.add("parts");
            }
            if (attributes != null && !attributes.equals(attributesOf(scenario))) {
                changed.add("attributes");
            }
        }
    }

    private static <T> T made(Class<T> type, Class<?>[] parameters, Object... arguments) throws Exception {
        Constructor<T> constructor = type.getDeclaredConstructor(parameters);
        constructor.setAccessible(true);
        return constructor.newInstance(arguments);
    }

    private static Map<String, String> attributesOf(JsonObject scenario) {
        if (scenario.get("attributes").isNull()) {
            return null;
        }
        Map<String, String> attributes = new HashMap<>();
        for (JsonObject.Member member : scenario.get("attributes").asObject()) {
            attributes.put(member.getName(), member.getValue().asString());
        }
        return attributes;
    }

    private static String textOf(JsonValue value) {
        return value == null || value.isNull() ? null : value.asString();
    }

    /**
     * What a caller can read off the exception, or off one that it names as its cause. The SDK has fields for status,
     * headers and body of an answer; a caller can parse the body, so its members count as readable.
     */
    private static JsonObject told(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        JsonObject error = new JsonObject()
            .add("class", thrown.getClass().getSimpleName())
            .add("message", thrown.getMessage())
            .add("text", text.toString().substring(0, Math.min(text.getBuffer().length(), LONGEST_TEXT)));
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof BoxAPIException && ((BoxAPIException) cause).getResponseCode() != 0) {
                BoxAPIException answer = (BoxAPIException) cause;
                error.add("status", answer.getResponseCode());
                Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
                headers.putAll(answer.getHeaders());
                if (headers.containsKey("Retry-After")) {
                    error.add("retry_after", headers.get("Retry-After").get(0));
                }
                JsonObject body = bodyOf(answer);
                for (String name : new String[] {"code", "request_id"}) {
                    error.add(name, body.get(name) != null && body.get(name).isString() ? body.get(name) : Json.NULL);
                }
                JsonValue context = body.get("context_info");
                error.add("context_info", context != null && context.isObject() ? context : Json.NULL);
                break;
            }
        }
        return error;
    }

    private static JsonObject bodyOf(BoxAPIException answer) {
        try {
            return Json.parse(answer.getResponse()).asObject();
        } catch (RuntimeException notAnObject) {
            return new JsonObject();
        }
    }

    private static JsonObject result(JsonObject scenario) {
        JsonArray changed = new JsonArray();
        JsonObject answer = new JsonObject().add("type", "result").add("id", scenario.get("id"));
        BoxFile.Info file;
        try {
            BoxAPIConnection api = connectionFor(scenario);
            file = scenario.get("call").asString().equals("upload")
                ? upload(scenario, api, changed)
                : commit(scenario, api, changed);
        } catch (Throwable thrown) {
            return answer.add("changed_arguments", changed).add("outcome", "error").add("error", told(thrown));
        }
        answer.add("changed_arguments", changed);
        if (file == null) {
            return answer.add("outcome", "nothing");
        }
        JsonObject known = new JsonObject()
            .add("id", file.getID())
            .add("name", file.getName())
            .add("size", file.getSize())
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
