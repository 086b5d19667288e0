# A seeded combined log: -v lines=N -v seed=N. Documentation addresses, thirty days of April 2021, about 210 bytes a line.
BEGIN {
    srand(seed)
    np = split("/app/ /app/reserve /app/reserve/confirm?step=2&lang=ja /app/map/shelters?lat=35.53&lng=139.70 /app/news/1024 " \
        "/app/style.css /app/img/logo.png /app/api/v2/notices?since=20210401&limit=50 /health /robots.txt /favicon.ico", path, " ")
    na = split("Mozilla/5.0 (iPhone; CPU iPhone OS 14_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148|" \
        "Mozilla/5.0 (Linux; Android 11; Pixel 5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.82 Mobile Safari/537.36|" \
        "MihonApp/2.3.1 (iOS 14.4; ja)|ExampleBot/2.1 (+http://bot.example/bot.html)", agent, "|")
    ns = split("200 200 200 200 200 200 304 304 302 404 500 206", status, " ")
    for (i = 0; i < lines; i++) {
        second = int(i * 2592000 / lines)
        day = int(second / 86400) + 1; rest = second % 86400
        host = rand() < 0.2 ? sprintf("2001:db8::%x", int(rand() * 65536)) : "198.51.100." int(rand() * 256)
        printf "%s - - [%02d/Apr/2021:%02d:%02d:%02d +0900] \"%s %s HTTP/1.1\" %s %d \"%s\" \"%s\"\n", host, day, int(rest / 3600), \
            int(rest % 3600 / 60), rest % 60, rand() < 0.9 ? "GET" : "POST", path[1 + int(rand() * np)], status[1 + int(rand() * ns)], \
            200 + int(rand() * 20000), rand() < 0.5 ? "-" : "https://app.mihon.example/app/", agent[1 + int(rand() * na)]
    }
}
