import com.goterl.lazysodium.SodiumJava;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Pattern;

/** Seals a contact and sends one dossier: java SealAndSend URL TOKEN SOURCE UNIT PROCEDURE CODE [RECEIVED_AT]. */
public class SealAndSend {
    private static final int SEAL_BYTES = 48;

    public static void main(String[] words) throws Exception {
        String url = words[0], token = words[1], source = words[2], code = words[5];
        OffsetDateTime at = words.length > 6 ? OffsetDateTime.parse(words[6])
            : OffsetDateTime.now(ZoneOffset.ofHours(7)).minusMinutes(5);
        HttpClient http = HttpClient.newHttpClient();

        String answer = http.send(
            HttpRequest.newBuilder(URI.create(url + "/notifications/v1/keys/contact")).build(), BodyHandlers.ofString()).body();
        var found = Pattern.compile("\"public_key\"\\s*:\\s*\"([^\"]+)\"").matcher(answer);
        if (!found.find()) throw new IllegalStateException("no key in: " + answer);
        String sealed = seal(Base64.getDecoder().decode(found.group(1)), "{\"name\":\"Nguyễn Văn An\",\"phone\":\"0912345678\"}");

        // Use the JSON library of your system; here every value is known to need no escaping.
        String event = """
            {"specversion":"1.0","id":"%s","source":"/sources/%s","type":"vn.gandan.source.dossier-upserted.v1","subject":"%s",
             "datacontenttype":"application/json",
             "data":{"code":"%s","procedure":"%s","unit":"%s","channel":"direct","submitted_at":"%s","received_at":"%s","status":2,
                     "contact_sealed":"%s"}}
            """.formatted(UUID.randomUUID(), source, code, code, words[4], words[3], at, at, sealed);
        var sent = http.send(HttpRequest.newBuilder(URI.create(url + "/intake/v1/source-events"))
            .header("Authorization", "Bearer " + token).header("Content-Type", "application/cloudevents+json")
            .POST(HttpRequest.BodyPublishers.ofString(event, StandardCharsets.UTF_8)).build(), BodyHandlers.ofString());
        System.out.println(sent.body()); // {"items":[{"status":"accepted", ...}]}
        if (sent.statusCode() != 200) System.exit(1); // 429 and 503: send the same event again after Retry-After seconds
    }

    /** contact_sealed: a libsodium sealed box over UTF-8 JSON, in base64. */
    static String seal(byte[] publicKey, String json) {
        byte[] plain = json.getBytes(StandardCharsets.UTF_8);
        byte[] box = new byte[plain.length + SEAL_BYTES];
        if (new SodiumJava().crypto_box_seal(box, plain, plain.length, publicKey) != 0) throw new IllegalStateException("not sealed");
        return Base64.getEncoder().encodeToString(box);
    }
}
