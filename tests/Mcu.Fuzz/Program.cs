using System.Globalization;
using Mcu.Fuzz;
using SharpFuzz;

const string Usage = """
    Mcu.Fuzz READER                                       run under afl-fuzz (instrument Mcu.Generator.dll with sharpfuzz)
    Mcu.Fuzz READER --libfuzzer                           run under libfuzzer-dotnet
    Mcu.Fuzz READER --runs N --seed S [--first K] [PATH]… mutate the files (and the built-in seeds) in a plain loop
    """;

if (args.Length == 0 || FuzzTargets.All.FirstOrDefault(t => t.Name == args[0]) is not { } target)
{
    Console.Error.WriteLine(Usage);
    Console.Error.WriteLine("Readers: " + string.Join(", ", FuzzTargets.All.Select(t => t.Name)));
    return 2;
}

if (args.Length == 1)
{
    Fuzzer.OutOfProcess.Run(stream => target.Accepts(ReadAll(stream)));
    return 0;
}

if (args[1] == "--libfuzzer")
{
    Fuzzer.LibFuzzer.Run(input => target.Accepts(input.ToArray()));
    return 0;
}

return PlainLoop.Run(target, Number("--runs", 10_000), Number("--seed", 1), Number("--first", 0), Paths());

int Number(string option, int otherwise)
{
    int at = Array.IndexOf(args, option);
    return at < 0 ? otherwise : int.Parse(args[at + 1], NumberStyles.None, CultureInfo.InvariantCulture);
}

IEnumerable<string> Paths() =>
    args.Skip(1).Where((a, i) => !a.StartsWith("--", StringComparison.Ordinal) && !args[i].StartsWith("--", StringComparison.Ordinal));

static byte[] ReadAll(Stream stream)
{
    using var memory = new MemoryStream();
    stream.CopyTo(memory);
    return memory.ToArray();
}
