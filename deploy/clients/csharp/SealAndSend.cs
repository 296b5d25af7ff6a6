// Seals a contact and sends one dossier: dotnet run -- URL TOKEN SOURCE UNIT PROCEDURE CODE [RECEIVED_AT]
// This project's tests run it where there is .NET, and read it where not. The Java example does the same.
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sodium;

var (url, token, source, unit, procedure, code) = (args[0], args[1], args[2], args[3], args[4], args[5]);
var at = args.Length > 6 ? args[6] : DateTimeOffset.UtcNow.ToOffset(TimeSpan.FromHours(7)).AddMinutes(-5).ToString("O");
using var http = new HttpClient { BaseAddress = new Uri(url) };

var key = JsonNode.Parse(await http.GetStringAsync("/notifications/v1/keys/contact"))!["public_key"]!.GetValue<string>();
var contact = JsonSerializer.Serialize(new { name = "Nguyễn Văn An", phone = "0912345678" });
var box = SealedPublicKeyBox.Create(Encoding.UTF8.GetBytes(contact), Convert.FromBase64String(key));

var cloudEvent = new
{
    specversion = "1.0", id = Guid.NewGuid().ToString(), source = $"/sources/{source}", type = "vn.gandan.source.dossier-upserted.v1",
    subject = code, datacontenttype = "application/json",
    data = new
    {
        code, procedure, unit, channel = "direct", submitted_at = at, received_at = at, status = 2,
        contact_sealed = Convert.ToBase64String(box),
    },
};
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
var content = new StringContent(JsonSerializer.Serialize(cloudEvent), Encoding.UTF8);
content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");
var answer = await http.PostAsync("/intake/v1/source-events", content);
Console.WriteLine(await answer.Content.ReadAsStringAsync()); // {"items":[{"status":"accepted", ...}]}
return answer.IsSuccessStatusCode ? 0 : 1; // 429 and 503: send the same event again after Retry-After seconds
