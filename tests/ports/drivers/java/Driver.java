import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/**
 * An application of sqlite-jdbc: one command a line on standard input, one answer a line, as
 * tests/support/sqlite_app.cpp has it.
 */
public class Driver {
  private final Map<String, Connection> connections = new HashMap<>();
  private final Map<String, ResultSet> kept = new HashMap<>();
  private String name = "0";

  public static void main(String[] arguments) throws Exception {
    Driver application = new Driver();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ", 2);
      String answer;
      try {
        answer = "ok " + application.answer(words[0], words.length > 1 ? words[1] : "");
      } catch (SQLException | RuntimeException error) {
        answer = "error " + error;
      }
      System.out.println(answer.replace('\n', ' ').stripTrailing());
      System.out.flush();
    }
  }

  private String answer(String command, String rest) throws SQLException {
    Connection connection = connections.get(name);
    switch (command) {
      case "use":
        name = rest;
        return "";
      case "open":
        connections.put(name, DriverManager.getConnection("jdbc:sqlite:" + rest));
        return "";
      case "exec":
        try (Statement statement = connection.createStatement()) {
          statement.execute(rest);
        }
        return "";
      case "query":
        try (Statement statement = connection.createStatement();
            ResultSet rows = statement.executeQuery(rest)) {
          return first(rows);
        }
      case "step":
        kept.put(name, connection.createStatement().executeQuery(rest));
        return first(kept.get(name));
      case "finish":
        kept.remove(name).close();
        return "";
      case "close":
        kept.remove(name);
        connections.remove(name).close();
        return "";
      default:
        return "unknown command " + command;
    }
  }

  private static String first(ResultSet rows) throws SQLException {
    if (!rows.next()) return "";
    StringBuilder text = new StringBuilder();
    for (int column = 1; column <= rows.getMetaData().getColumnCount(); ++column) {
      text.append(column > 1 ? "|" : "").append(rows.getString(column));
    }
    return text.toString();
  }
}
