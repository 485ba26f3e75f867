using System.Diagnostics;
using System.Globalization;
using Mcu.Generator.Diagnostics;

namespace Mcu.Fuzz;

/// <summary>
/// Reads mutated inputs one after the other and counts the outcomes. A diagnostic is fine; another exception, more than 2 s
/// of processor time or more than 1 GiB allocated is a failure, and its input is kept.
/// </summary>
internal sealed class PlainLoop(FuzzTarget target, int seed)
{
    private const double MaxSeconds = 2;
    private const long MaxBytes = 1L << 30;
    private const int WatchdogSeconds = 120;

    private readonly SortedDictionary<string, int> outcomes = new(StringComparer.Ordinal);
    private double slowest;
    private long largest;
    private int failures;

    public static int Run(FuzzTarget target, int runs, int seed, int first, IEnumerable<string> corpus)
    {
        byte[][] seeds = [.. target.Seeds(), .. corpus.SelectMany(p => Files(p, target.Extension)).Select(File.ReadAllBytes)];
        var loop = new PlainLoop(target, seed);
        var mutator = new Mutator(seeds);
        var total = Stopwatch.StartNew();
        for (int index = first; index < first + runs; index++)
        {
            loop.One(index, mutator.Input(seed, index));
            if ((index + 1 - first) % 20_000 == 0)
            {
                Console.Error.WriteLine($"{index + 1 - first} of {runs}");
            }
        }

        return loop.Report(runs, seeds.Length, total.Elapsed);
    }

    private static IEnumerable<string> Files(string path, string extension) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*" + extension).Order(StringComparer.Ordinal) : [path];

    private void One(int index, byte[] input)
    {
        using var watchdog = new Timer(_ => Hang(index, input), null, TimeSpan.FromSeconds(WatchdogSeconds), Timeout.InfiniteTimeSpan);
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Count(Outcome(index, input));
        double seconds = (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
        long bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
        slowest = Math.Max(slowest, seconds);
        largest = Math.Max(largest, bytes);
        if (seconds > MaxSeconds || bytes > MaxBytes)
        {
            Fail(index, input, $"{seconds:F1} s of processor time, {bytes >> 20} MiB allocated");
        }
    }

    private string Outcome(int index, byte[] input)
    {
        try
        {
            target.Read(input);
            return "read";
        }
        catch (DiagnosticException e)
        {
            return e.Diagnostic.Code;
        }
        catch (Exception e)
        {
            Fail(index, input, e.ToString());
            return e.GetType().Name;
        }
    }

    private void Count(string outcome) => outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;

    private void Fail(int index, byte[] input, string what)
    {
        failures++;
        string folder = Path.Combine(Path.GetTempPath(), "mcu-fuzz");
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{target.Name}-{seed}-{index}{target.Extension}"));
        File.WriteAllBytes(file, input);
        Console.Error.WriteLine($"FAILED run {index} of seed {seed} ({file}): {what}");
    }

    private void Hang(int index, byte[] input)
    {
        Fail(index, input, $"no end after {WatchdogSeconds} s");
        Environment.Exit(1);
    }

    private int Report(int runs, int seeds, TimeSpan elapsed)
    {
        string counts = string.Join(", ", outcomes.OrderByDescending(o => o.Value).Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Key} {o.Value}")));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{target.Name}: {runs} runs from {seeds} seed inputs, seed {seed}, {failures} failures; {elapsed.TotalSeconds:F0} s, slowest {slowest:F2} s, largest allocation {largest >> 10} KiB"));
        Console.WriteLine(counts);
        return failures == 0 ? 0 : 1;
    }
}
