using System.Text.Json.Nodes;

namespace Mcu.Tests.Emulation;

/// <summary>A board of a user's: the memory map of <c>cortex-m4</c>, with a linker script and a start-up file of its own beside <c>target.json</c>.</summary>
internal static class UserTarget
{
    public const string Script = "board.ld";

    /// <summary>A symbol that the linker script defines, and a function that only the start-up file has.</summary>
    public const string SymbolOfScript = "my_board_marker";
    public const string FunctionOfStartup = "my_board_function";

    /// <summary>Writes <c>FOLDER/NAME</c>, and gives that path.</summary>
    public static string Write(string folder, string name)
    {
        string board = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        JsonNode target = JsonNode.Parse(File.ReadAllText(TestData.Repo("targets/cortex-m4/target.json")))!;
        target["name"] = name;
        target["description"] = "A board of a user's";
        target["firmware"]!["linker_script"] = Script;
        target["firmware"]!["startup"]!.AsArray().Add((JsonNode)"board.c");
        target["notes"] = new JsonArray("a note of the board's");
        File.WriteAllText(Path.Combine(board, "target.json"), target.ToJsonString());
        File.WriteAllText(Path.Combine(board, Script), File.ReadAllText(TestData.Repo("targets/common/cortex-m.ld")) + $"\nEXTERN({FunctionOfStartup})\n{SymbolOfScript} = 0x5a5a;\n");
        File.WriteAllText(Path.Combine(board, "board.c"), $"void {FunctionOfStartup}(void);\n__attribute__((used)) void {FunctionOfStartup}(void) {{ }}\n");
        return board;
    }
}
