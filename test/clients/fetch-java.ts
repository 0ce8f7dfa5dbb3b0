/** A program that gets one address by both of Java's own clients, and prints status and body of each. */
export const FETCH_JAVA = `
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import javax.net.ssl.HttpsURLConnection;

public class Fetch {
  public static void main(String[] arguments) throws Exception {
    URI uri = URI.create(arguments[0]);
    HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
    int status = connection.getResponseCode();
    var stream = status < 400 ? connection.getInputStream() : connection.getErrorStream();
    System.out.println("connection " + status + " " + new String(stream.readAllBytes()));
    HttpRequest request = HttpRequest.newBuilder(uri).build();
    HttpResponse<String> answer =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println("client " + answer.statusCode() + " " + answer.body());
  }
}
`;
