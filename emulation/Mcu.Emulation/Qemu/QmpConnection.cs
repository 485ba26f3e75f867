using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mcu.Emulation.Qemu;

/// <summary>Client of the QEMU Machine Protocol. One command at a time; events are dropped.</summary>
internal sealed class QmpConnection(Stream stream) : IDisposable
{
    private readonly StreamReader reader = new(stream, Encoding.UTF8, false, 4096, leaveOpen: true);
    private readonly SemaphoreSlim oneAtATime = new(1);

    public async Task OpenAsync(CancellationToken cancellation)
    {
        await LineAsync(cancellation);
        await ExecuteAsync("qmp_capabilities", null, cancellation);
    }

    /// <summary>The command's result; <see cref="InvalidOperationException"/> with QEMU's words when it refuses.</summary>
    public async Task<JsonNode?> ExecuteAsync(string command, JsonObject? arguments, CancellationToken cancellation)
    {
        var request = new JsonObject { ["execute"] = command };
        if (arguments is not null)
        {
            request["arguments"] = arguments;
        }

        await oneAtATime.WaitAsync(cancellation);
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"), cancellation);
            while (true)
            {
                JsonNode answer = JsonNode.Parse(await LineAsync(cancellation)) ?? throw new JsonException();
                if (answer["error"] is { } error)
                {
                    throw new InvalidOperationException((string?)error["desc"] ?? "refused");
                }

                if (answer.AsObject().TryGetPropertyValue("return", out JsonNode? result))
                {
                    return result;
                }
            }
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Runs a command that goes on as a job, and waits for its end.</summary>
    public async Task JobAsync(string command, JsonObject arguments, CancellationToken cancellation)
    {
        const string Id = "mcu-job";
        arguments["job-id"] = Id;
        await ExecuteAsync(command, arguments, cancellation);
        while (true)
        {
            JsonNode? job = (await ExecuteAsync("query-jobs", null, cancellation))?.AsArray().FirstOrDefault(j => (string?)j?["id"] == Id);
            if (job is null || (string?)job["status"] == "concluded")
            {
                await ExecuteAsync("job-dismiss", new JsonObject { ["id"] = Id }, cancellation);
                if ((string?)job?["error"] is { } error)
                {
                    throw new InvalidOperationException(error);
                }

                return;
            }

            await Task.Delay(5, cancellation);
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        stream.Dispose();
        oneAtATime.Dispose();
    }

    private async Task<string> LineAsync(CancellationToken cancellation) =>
        await reader.ReadLineAsync(cancellation) ?? throw new EndOfStreamException();
}
