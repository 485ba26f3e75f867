namespace Mcu.Tool.Compiling;

/// <summary>
/// The text of stamps: <c>mcu-stamp 2</c>, <c>key KEY</c>, <c>inputs HASH</c>, then <c>HASH LENGTH TIME PATH</c> for each file of the output
/// folder, with the time in units of 100 ns since the year 1, UTC. The compiler writes them; the tasks of MSBuild, which share this file, read them.
/// </summary>
internal static class StampFormat
{
    public const string Header = "mcu-stamp 2";
    public const string KeyPrefix = "key ";
    public const string InputsPrefix = "inputs ";

    /// <summary>Lines before those of the files.</summary>
    public const int OwnLines = 3;

    /// <summary>Fields of a file's line, separated by one space; only the last may have spaces.</summary>
    public const int Fields = 4;
}
